// Our own pages: elements in the page's tree, styles in app.css.

import "./styles/app.css";
import "./elements/cancel";
import "./elements/connection";
import "./elements/jobs";
import "./elements/retry";
import "./elements/upload";
import { JobElement } from "./elements/job";
import { define } from "./elements/piece";

define("taskcast-job", JobElement);
