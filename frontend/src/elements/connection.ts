import { html, nothing, type TemplateResult } from "lit";
import { t } from "../i18n";
import { socket } from "../page";
import type { Status } from "../socket";
import { socketUrl } from "../urls";
import { define, Piece } from "./piece";

/** How fresh the page is, in a word. `data-connection` is `live`, `reconnecting` or `offline`. */
export class ConnectionElement extends Piece {
  static override properties = { status: { state: true } };
  declare status: Status;
  private unwatch: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.unwatch = socket().watch((status) => {
      this.status = status;
      this.dataset.connection = status.connection;
      this.dataset.log = status.log;
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unwatch?.();
  }

  override render(): TemplateResult {
    const why = this.status.unopened
      ? t(
          "The server answers, but opens no websocket at {url}: its route is missing, or a proxy in front does not pass it on.",
          { url: socketUrl() },
        )
      : nothing;
    return html`<span class="connection-word" role="status" title=${why}>${words(this.status)}</span>`;
  }
}

export function words({ connection, log, met, ended, unopened }: Status): string {
  if (ended) return t("Signed out");
  if (unopened) return t("Not live: no websocket");
  if (connection === "offline") return t("Offline, trying again");
  if (connection === "reconnecting") return t(met ? "Reconnecting…" : "Connecting…");
  return log === "live" ? t("Live") : t("Connected, event log away");
}

define("taskcast-connection", ConnectionElement);
