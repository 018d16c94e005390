// One websocket for a whole page: it follows topics, comes back by itself, and says how fresh the page is.

import { backoff } from "./backoff";
import { CatchUp } from "./catchup";
import { parse } from "./numbers";
import { Reading } from "./reading";
import type { Connection, Cursor, Frame } from "./types";

/** Frames (a tick at least every 5 s) stop coming: the connection is dead, whatever the browser believes. */
const SILENCE_MS = 12_000;
/** A server that cannot be reached for this long is worth a plain word. */
const OFFLINE_AFTER_MS = 30_000;

/** So many first connections fail before we look whether the server answers anything else. */
const TRIES_UNMET = 3;

const SIGN_IN = 4401;
const TOO_FAST = 4429;

export interface Topic {
  name: string;
  /** Where to go on from, asked at each subscribe; null for a snapshot. */
  cursor(): Cursor | null;
  frame(frame: Frame): void;
}

export interface Options {
  connect?: (url: string) => WebSocket;
  random?: () => number;
  /** The session has ended (4401). */
  signIn?: () => void;
  /** Whether the server answers requests that are no sockets. */
  answers?: () => Promise<boolean>;
}

export interface Status {
  connection: Connection;
  /** What the server last said of the event log behind it. */
  log: "live" | "away";
  /** False until the first connection has been made. */
  met: boolean;
  /** Signed out: nobody tries again. */
  ended: boolean;
  /** The server answers, and has never opened a socket: its route is missing, or a proxy does not pass it on. */
  unopened?: boolean;
}

export class Socket {
  status: Status = { connection: "reconnecting", log: "live", met: false, ended: false };
  private readonly topics = new Map<string, Topic>();
  private readonly watchers = new Set<(status: Status) => void>();
  private readonly returns = new Set<(events: number) => void>();
  private readonly catchUp = new CatchUp((events) => {
    for (const told of this.returns) told(events);
  });
  /** Where each topic went on from in this connection. */
  private readonly asked = new Map<string, Cursor | null>();
  private ws: WebSocket | null = null;
  private reading: Reading | null = null;
  private tries = 0;
  /** When the connection was lost, or first wanted. */
  downSince = Date.now();
  /** When the next try begins; null while there is a connection, or one is being tried. */
  retryAt: number | null = null;
  private ended = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly options: Options = {},
  ) {}

  /** Follow a topic until the returned function is called. The first one opens the connection. */
  follow(topic: Topic): () => void {
    this.topics.set(topic.name, topic);
    if (this.ws === null && this.retry === undefined && !this.ended) this.open();
    else this.subscribe(topic);
    return () => {
      if (this.topics.get(topic.name) !== topic) return;
      this.topics.delete(topic.name);
      this.send({ type: "unsubscribe", topic: topic.name });
    };
  }

  /** Ask for a topic again, from its cursor: something of it is missing. */
  again(name: string): void {
    const topic = this.topics.get(name);
    if (!topic) return;
    this.send({ type: "unsubscribe", topic: name });
    this.subscribe(topic);
  }

  watch(watcher: (status: Status) => void): () => void {
    this.watchers.add(watcher);
    watcher(this.status);
    return () => this.watchers.delete(watcher);
  }

  /** Call `told` after each return from a gap with the number of events that had been missed. */
  onReturn(told: (events: number) => void): () => void {
    this.returns.add(told);
    return () => this.returns.delete(told);
  }

  /** Don't wait for the next try: the network is back, or the reader has come back to the page. */
  tryNow(): void {
    if (this.ended || this.ws !== null || this.topics.size === 0) return;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.open();
  }

  close(): void {
    this.ended = true;
    this.drop();
    clearTimeout(this.retry);
  }

  private open(): void {
    this.retryAt = null;
    const connect = this.options.connect ?? ((url) => new WebSocket(url));
    const ws = connect(this.url);
    this.ws = ws;
    const reading = new Reading((n) => this.send({ type: "ack", n }));
    this.reading = reading;
    // Also a connection that never opens has to end some time.
    this.listenForSilence();
    ws.onopen = () => {
      if (this.status.met) this.catchUp.begin();
      for (const topic of this.topics.values()) this.subscribe(topic);
    };
    ws.onmessage = (message: MessageEvent<string>) => {
      if (this.ws !== ws) return;
      this.listenForSilence();
      try {
        this.receive(parse(message.data) as Frame);
      } finally {
        // Also a frame that we failed at has been read: unacknowledged it would stop the whole connection.
        reading.read(message.data);
      }
    };
    ws.onclose = (event: CloseEvent) => {
      if (this.ws === ws) this.closed(event.code);
    };
  }

  private receive(frame: Frame): void {
    // Only a frame proves that we were let in: a socket is accepted before it is closed with a reason.
    this.tries = 0;
    const log = frame.type === "tick" ? frame.log : this.status.log;
    this.show({ connection: "live", log, met: true, ended: false });
    if (frame.type === "tick") {
      this.catchUp.tick(frame.time);
      return;
    }
    const name = frame.type === "jobs" ? "jobs" : frame.topic;
    if (name !== undefined) this.catchUp.take(frame, this.asked.get(name));
    if (name !== undefined) this.topics.get(name)?.frame(frame);
  }

  private closed(code: number): void {
    this.drop();
    if (code === SIGN_IN) {
      this.ended = true;
      this.show({ ...this.status, connection: "offline", ended: true });
      this.options.signIn?.();
      return;
    }
    if (this.status.connection === "live") this.downSince = Date.now();
    if (code === TOO_FAST) this.tries = Math.max(this.tries, 6);
    const given = Date.now() - this.downSince >= OFFLINE_AFTER_MS || !navigator.onLine;
    this.show({ ...this.status, connection: given ? "offline" : "reconnecting" });
    const wait = backoff(this.tries, this.options.random);
    this.retryAt = Date.now() + wait;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      if (this.topics.size > 0) this.open();
    }, wait);
    this.tries += 1;
    if (!this.status.met && this.tries === TRIES_UNMET) void this.tellUnopened();
  }

  private async tellUnopened(): Promise<void> {
    if (!(await this.options.answers?.())) return;
    if (!this.status.met) this.show({ ...this.status, unopened: true });
  }

  private drop(): void {
    clearTimeout(this.silence);
    this.catchUp.stop();
    this.reading?.stop();
    this.reading = null;
    const ws = this.ws;
    this.ws = null;
    ws?.close();
  }

  private listenForSilence(): void {
    clearTimeout(this.silence);
    // close() on a dead connection waits long for the other side, so we go on as if it had closed.
    this.silence = setTimeout(() => this.closed(1006), SILENCE_MS);
  }

  private subscribe(topic: Topic): void {
    const cursor = topic.cursor();
    this.asked.set(topic.name, cursor);
    this.send({ type: "subscribe", topic: topic.name, ...cursor });
  }

  private send(frame: object): void {
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(frame));
  }

  private show(status: Status): void {
    const old = this.status;
    if (
      old.connection === status.connection &&
      old.log === status.log &&
      old.met === status.met &&
      old.unopened === status.unopened
    )
      return;
    this.status = status;
    for (const watcher of this.watchers) watcher(status);
  }
}
