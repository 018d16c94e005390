// Our own pages: elements in the page's tree, styles in app.css.

import "./styles/app.css";
import "./elements/cancel";
import "./elements/checklist";
import "./elements/choice";
import "./elements/connection";
import "./elements/copylink";
import "./elements/jobs";
import "./elements/notify";
import "./elements/retry";
import "./elements/rows";
import "./elements/upload";
import { JobElement } from "./elements/job";
import { define } from "./elements/piece";
import { watchEnds } from "./notify";
import { watchChoices } from "./renewal";
import { watchTyping } from "./typing";

define("taskcast-job", JobElement);
watchTyping();
watchChoices();
watchEnds();
