// What a page shares: its one socket, and the feeds of the jobs that it shows.

import { isUp } from "./api";
import { JobFeed } from "./feed";
import { parse } from "./numbers";
import { Socket } from "./socket";
import { share, signInPage, socketUrl } from "./urls";

let shared: Socket | undefined;
const feeds = new Map<string, JobFeed>();

/** The page's one socket. */
export function socket(): Socket {
  if (!shared) {
    const ours = "app" in document.documentElement.dataset;
    // In a page of somebody else's (embed.js) we must not take the reader away, nor one who came by a link to a sign-in.
    const leave = ours && !share() ? { signIn: () => location.assign(signInPage()) } : {};
    // Fixed data (the gallery) has nobody to talk to.
    const still = document.querySelector("[data-still]")
      ? { connect: () => new EventTarget() as WebSocket }
      : {};
    shared = new Socket(socketUrl(), { ...leave, ...still, answers: isUp });
    const now = () => shared?.tryNow();
    addEventListener("online", now);
    addEventListener("pageshow", now);
    document.addEventListener("visibilitychange", () => document.hidden || now());
  }
  return shared;
}

/** The feed of one job, the same one for every element that shows it. */
export function jobFeed(id: string): JobFeed {
  let feed = feeds.get(id);
  if (!feed) {
    feed = new JobFeed(id, socket());
    feeds.set(id, feed);
  }
  return feed;
}

/** The JSON that the server wrote into the page as `<script type="application/json" id="…">`. */
export function pageData<T>(id: string): T | null {
  const script = document.getElementById(id);
  return script?.textContent ? (parse(script.textContent) as T) : null;
}
