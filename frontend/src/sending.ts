// One file on its way to the server: in pieces, and again from where it was cut off, for as long as it takes.

import { beginUpload, deleteUpload, getUpload, type Uploaded } from "./api";
import { backoff } from "./backoff";
import { t } from "./i18n";
import { after, end, FIRST, grown, shrunk, Unreadable } from "./pieces";
import { putPiece } from "./put";

/** `waiting`: the connection is broken, and tried again. `stopped`: `problem` says why, `again` tries once more. */
export type SendingState = "sending" | "waiting" | "complete" | "stopped";

const SERVER = { begin: beginUpload, ask: getUpload, put: putPiece, drop: deleteUpload };

export class Sending {
  state: SendingState = "sending";
  problem = "";
  id: string | null = null;
  private received = 0;
  private onItsWay = 0;
  private piece = FIRST;
  /** Whether the server has to be asked how far it is. */
  private unsure = false;
  private stop = new AbortController();

  constructor(
    readonly file: File,
    private readonly changed: () => void,
    private readonly server: typeof SERVER = SERVER,
  ) {
    void this.run();
  }

  /** Bytes that are there or have gone out. */
  get sent(): number {
    return this.received + this.onItsWay;
  }

  get pending(): boolean {
    return this.state === "sending" || this.state === "waiting";
  }

  /** Stop, and have the server forget what it has. */
  cancel(): void {
    this.stop.abort();
    // What cannot be removed now goes by itself after two days.
    if (this.id) void this.server.drop(this.id).catch(() => undefined);
  }

  /** Once more, after it stopped: from where it was, where the server still has that. */
  again(): void {
    this.unsure = this.id !== null;
    this.become("sending");
    void this.run();
  }

  private async run(): Promise<void> {
    let tries = 0;
    while (this.pending) {
      try {
        if (await this.step()) tries = 0;
      } catch (error) {
        if (this.stop.signal.aborted) return;
        this.onItsWay = 0;
        const next = after(error, this.received);
        if (next === "stop") return this.giveUp(error as Error);
        if (next === "ask") await this.pause(backoff(tries++));
        else this.received = next;
      }
      if (this.stop.signal.aborted) return;
    }
  }

  /** The next thing to do: begin, ask, or send a piece; whether it was a piece. */
  private async step(): Promise<boolean> {
    const { file, server } = this;
    if (this.id === null || this.unsure) {
      this.take(await (this.id === null ? server.begin(file.name, file.size) : server.ask(this.id)));
      return false;
    }
    const from = this.received;
    const bytes = await read(file, from, end(from, file.size, this.piece));
    this.take(await server.put(this.id, from, bytes, (moved) => this.move(moved), this.stop.signal));
    this.piece = grown(this.piece);
    return true;
  }

  private take({ id, received }: Uploaded): void {
    if (this.stop.signal.aborted) {
      // Cancelled while it was being begun: nobody could name it until now.
      void this.server.drop(id).catch(() => undefined);
      return;
    }
    this.id = id;
    this.received = received;
    this.onItsWay = 0;
    this.unsure = false;
    this.become(received === this.file.size ? "complete" : "sending");
  }

  private move(bytes: number): void {
    this.onItsWay = Math.min(bytes, this.file.size - this.received);
    this.changed();
  }

  private giveUp(error: Error): void {
    const status = "status" in error ? error.status : 0;
    if (status === 404) this.id = null; // removed meanwhile: from the beginning
    this.problem = error.message;
    this.become("stopped");
  }

  /** Wait, but no longer than until the browser says that it is online again. */
  private async pause(ms: number): Promise<void> {
    this.piece = shrunk(this.piece);
    this.unsure = this.id !== null;
    this.become("waiting");
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        removeEventListener("online", done);
        resolve();
      }
      addEventListener("online", done);
    });
  }

  private become(state: SendingState): void {
    this.state = state;
    this.changed();
  }
}

async function read(file: File, from: number, to: number): Promise<ArrayBuffer> {
  try {
    return await file.slice(from, to).arrayBuffer();
  } catch {
    throw new Unreadable(
      t("The file can no longer be read: it was changed, moved or removed. Choose it again."),
    );
  }
}
