// <taskcast-job job="ID"> for any page of the same site. A shadow tree keeps the page's styles and ours apart;
// the style sheet is built by script, which a strict Content-Security-Policy allows.

import { JobElement } from "./elements/job";
import { define } from "./elements/piece";
import "./korean";
import styles from "./styles/embed.css?inline";

class EmbeddedJob extends JobElement {
  protected override createRenderRoot(): DocumentFragment {
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    root.adoptedStyleSheets = [sheet];
    this.compact = true;
    return root;
  }
}

define("taskcast-job", EmbeddedJob);
