// The Korean words as a bundle of their own, which only pages in Korean load.

import { ko } from "./ko";

globalThis.taskcastKorean = ko;
