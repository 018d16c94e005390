import { html, nothing, type TemplateResult } from "lit";
import { count, timeOfDay } from "../format";
import { t } from "../i18n";
import { socket } from "../page";
import type { Status } from "../socket";
import { share, socketUrl } from "../urls";
import { define, Piece } from "./piece";

/** What is over sooner than this needs no words beyond the one in the header. */
const PATIENCE_MS = 2_000;
const CAUGHT_UP_MS = 10_000;

/**
 * How fresh the page is: a word in the header, `data-connection` as the contract says, and where it is not live a
 * note at the foot of the window. Neither moves anything else.
 */
export class ConnectionElement extends Piece {
  static override properties = { status: { state: true }, caughtUp: { state: true } };
  declare status: Status;
  declare caughtUp: string;
  private undo: (() => void)[] = [];
  private clock: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.caughtUp = "";
    const status = socket().watch((status) => {
      this.status = status;
      this.dataset.connection = status.connection;
      this.dataset.log = status.log;
    });
    this.undo = [status, socket().onReturn((events) => this.returned(events))];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const undo of this.undo) undo();
    clearTimeout(this.clock);
    clearTimeout(this.quiet);
  }

  private returned(events: number): void {
    this.caughtUp = caughtUpWords(events);
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => {
      this.caughtUp = "";
    }, CAUGHT_UP_MS);
  }

  override render(): TemplateResult {
    return html`<span class="connection-word" role="status">${words(this.status)}</span>${this.note()}<span
      class="toast connection-note" role="status" ?hidden=${!this.caughtUp}>${this.caughtUp}</span>`;
  }

  /** Not read aloud: the word has been, and nobody wants to hear seconds counted. */
  private note(): TemplateResult | typeof nothing {
    const { connection, log, ended, unopened } = this.status;
    if (ended) return nothing;
    if (connection === "live")
      return log === "live"
        ? nothing
        : noteOf(
            t(
              "Redis does not answer: what runs goes on, and this page shows it as it was. It catches up by itself.",
            ),
          );
    const { downSince, retryAt } = socket();
    if (Date.now() - downSince < PATIENCE_MS) return nothing;
    const why = unopened
      ? t(
          "The server answers, but opens no websocket at {url}: its route is missing, or a proxy in front does not pass it on.",
          { url: socketUrl() },
        )
      : t("Not live since {time}.", { time: timeOfDay(downSince) });
    return noteOf(why, retryWords(retryAt), () => this.tryNow(), retryAt === null);
  }

  private tryNow(): void {
    socket().tryNow();
    this.requestUpdate();
  }

  protected override updated(): void {
    clearTimeout(this.clock);
    if (this.status.connection === "live" || this.status.ended || document.hidden) return;
    this.clock = setTimeout(() => this.requestUpdate(), untilNextWord());
  }
}

function noteOf(why: string, next = "", tryNow?: () => void, trying = false): TemplateResult {
  return html`<div class="toast connection-note">
    <span>${why} <span class="countdown">${next}</span></span>
    ${tryNow ? html`<button type="button" class="button" aria-disabled=${trying} @click=${tryNow}>${t("Try now")}</button>` : nothing}
  </div>`;
}

/** Milliseconds until the countdown reads differently, or the note appears. */
function untilNextWord(): number {
  const { downSince, retryAt } = socket();
  const untilNote = PATIENCE_MS - (Date.now() - downSince);
  if (untilNote > 0) return untilNote;
  return retryAt === null ? 1_000 : Math.max(50, (retryAt - Date.now()) % 1_000 || 1_000);
}

export function retryWords(retryAt: number | null, now: number = Date.now()): string {
  if (retryAt === null) return t("Trying…");
  return t("Trying again in {n} s.", { n: Math.max(1, Math.ceil((retryAt - now) / 1_000)) });
}

export function caughtUpWords(events: number): string {
  if (events === 0) return t("Up to date again");
  return events === 1 ? t("Caught up 1 event") : t("Caught up {n} events", { n: count(events) });
}

export function words({ connection, log, met, ended, unopened }: Status): string {
  if (ended) return t(share() ? "Link is over" : "Signed out");
  if (unopened) return t("Not live: no websocket");
  if (connection === "offline") return t("Offline");
  if (connection === "reconnecting") return t(met ? "Reconnecting…" : "Connecting…");
  return log === "live" ? t("Live") : t("Event log away");
}

define("taskcast-connection", ConnectionElement);
