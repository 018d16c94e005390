// Our own pages: elements in the page's tree, styles in app.css.

import "./styles/app.css";
import "./elements/cancel";
import "./elements/connection";
import "./elements/jobs";
import "./elements/retry";
import { JobElement } from "./elements/job";
import { define } from "./elements/piece";
import { watchUploads } from "./uploads";

define("taskcast-job", JobElement);
watchUploads();
