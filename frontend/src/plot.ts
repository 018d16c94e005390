// Charts, for the pages that have some: uPlot is as large as all the rest.

import { PlotElement } from "./elements/plot";

if (!customElements.get("taskcast-plot")) customElements.define("taskcast-plot", PlotElement);
