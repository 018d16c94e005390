import { afterEach, describe, expect, it } from "vitest";
import { fileUrl, jobUrl, share, socketUrl } from "../src/urls";

const { dataset } = document.documentElement;

describe("a page that shows one job by a link", () => {
  afterEach(() => {
    delete dataset.share;
  });

  it("asks for nothing but what the link opens", () => {
    dataset.share = "a-token";
    expect(share()).toBe("a-token");
    expect(jobUrl("ID")).toBe("/shared/a-token/job");
    expect(jobUrl("ID", "/events?after=2")).toBe("/shared/a-token/events?after=2");
    expect(fileUrl("ID", "a b")).toBe("/shared/a-token/files/a%20b");
    expect(new URL(socketUrl()).search).toBe("?share=a-token");
  });

  it("is any other page without one", () => {
    expect(jobUrl("ID")).toBe("/api/v1/jobs/ID");
    expect(new URL(socketUrl()).search).toBe("");
  });
});
