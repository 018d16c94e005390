import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

/** What a reader on a phone has to load, in bytes after gzip. */
const BUDGETS: [mode: string, file: string, bytes: number][] = [
  ["production", "app.js", 60_000],
  ["production", "app.css", 16_000],
  ["korean", "korean.js", 20_000],
  ["embed", "embed.js", 60_000],
  ["plot", "plot.js", 30_000],
];

it.each(BUDGETS)(
  "%s: %s stays small, whole and free of inline code",
  async (mode, file, budget) => {
    // Vitest's own "test" would bundle Lit's development build.
    process.env.NODE_ENV = "production";
    const outDir = mkdtempSync(join(tmpdir(), "taskcast-build-"));
    try {
      await build({ mode, logLevel: "error", build: { outDir, emptyOutDir: true } });
      const made = readFileSync(join(outDir, file));
      expect(gzipSync(made).byteLength).toBeLessThan(budget);
      const found = (pattern: RegExp): string[] => made.toString().match(pattern) ?? [];
      // The manifest storage of Django would not find other files by their hashed names.
      expect(found(/sourceMappingURL=\S{9}|\bimport\s*\(|^import .{9}/gm)).toEqual([]);
      expect(found(/\beval\(|\bnew Function\(/g)).toEqual([]);
      // Nothing from elsewhere: names of XML namespaces and of Lit's help pages are not loaded.
      expect(found(/https?:\/\/(?!www\.w3\.org|lit\.dev)[^"'`\s]{0,40}/g)).toEqual([]);
    } finally {
      rmSync(outDir, { recursive: true });
    }
  },
  60_000,
);
