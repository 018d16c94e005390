import { LitElement, type PropertyValues } from "lit";
import { whenShown } from "../later";

/**
 * An element in the page's own tree (light DOM): the page's styles reach it, and what the server wrote inside it
 * reads well until the element has something to show in its place.
 */
export abstract class Piece extends LitElement {
  private tookOver = false;

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    return this;
  }

  /** Whether there is something to show; until then the server's words stay. */
  protected ready(): boolean {
    return true;
  }

  /** In a hidden tab nothing is drawn; what has come by then is drawn once, when it is shown. */
  protected override async scheduleUpdate(): Promise<void> {
    if (document.hidden) await whenShown();
    super.scheduleUpdate();
  }

  protected override shouldUpdate(): boolean {
    return this.ready();
  }

  protected override update(changed: PropertyValues): void {
    // In one go with the first render: the reader never sees the place empty.
    if (!this.tookOver && this.renderRoot === this) this.replaceChildren();
    this.tookOver = true;
    super.update(changed);
  }
}

/** Register once, also where app.js and embed.js share a page. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
