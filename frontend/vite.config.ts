import { defineConfig } from "vitest/config";

// Bundles, each whole in one file: Django's manifest storage renames files by their hash, and a chunk
// that imports another by its name would not find it.
//   app    -> dashboard/static/taskcast/app.js, app.css   (our own pages)
//   korean -> dashboard/static/taskcast/korean.js         (its words, for pages in Korean)
//   embed  -> dashboard/static/embed.js                   (<taskcast-job> in other pages of the same site)
//   plot   -> dashboard/static/taskcast/plot.js           (<taskcast-plot> in those of our pages that have charts)
export default defineConfig(({ mode }) => {
  const embed = mode === "embed";
  const name = mode === "production" ? "app" : mode;
  return {
    publicDir: name === "app" ? "public" : false,
    build: {
      outDir: embed ? "../dashboard/static" : "../dashboard/static/taskcast",
      emptyOutDir: name === "app",
      target: "es2022",
      // light-dark() and CSS nesting as they are: every browser of the last two years knows them.
      cssTarget: ["chrome123", "firefox121", "safari17.5"],
      cssCodeSplit: false,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: `src/${name}.ts`,
        output: {
          codeSplitting: false,
          entryFileNames: `${name}.js`,
          assetFileNames: `${name}[extname]`,
        },
      },
    },
    test: {
      environment: "happy-dom",
      include: ["tests/**/*.test.ts"],
      setupFiles: ["src/korean.ts"],
      restoreMocks: true,
    },
  };
});
