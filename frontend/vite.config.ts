import { defineConfig } from "vitest/config";

// Two bundles, each whole in one file: Django's manifest storage renames files by their hash, and a chunk
// that imports another by its name would not find it.
//   app    -> dashboard/static/taskcast/app.js, app.css   (our own pages)
//   embed  -> dashboard/static/embed.js                   (<taskcast-job> in other pages of the same site)
export default defineConfig(({ mode }) => {
  const embed = mode === "embed";
  const name = embed ? "embed" : "app";
  return {
    publicDir: embed ? false : "public",
    build: {
      outDir: embed ? "../dashboard/static" : "../dashboard/static/taskcast",
      emptyOutDir: !embed,
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
      restoreMocks: true,
    },
  };
});
