// Our own pages: elements in the page's tree, styles in app.css.

import "./styles/app.css";
import "./elements/cancel";
import "./elements/connection";
import "./elements/jobs";
import { JobElement } from "./elements/job";
import { define } from "./elements/piece";

define("taskcast-job", JobElement);
