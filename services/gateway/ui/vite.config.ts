// How the pages are built: hashed files below dist/assets, each also compressed, and a nonce that the gateway fills in at
// every visit.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const PLATFORM = process.env.REHEARSAL_URL ?? "http://127.0.0.1:8000";
const FORWARDED = "^/(?!ui/)";

export default defineConfig({
  base: "/ui/",
  plugins: [react(), compressed()],
  html: { cspNonce: "__NONCE__" },
  build: { target: "es2022", reportCompressedSize: false, chunkSizeWarningLimit: 900, manifest: "manifest.json" },
  server: { proxy: { [FORWARDED]: PLATFORM } },
});

/** Beside every script and style sheet the same file compressed, so that the gateway need not do it. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name));
      await Promise.all(
        names.map(async (name) =>
          writeFile(join(dir, `${name}.gz`), gzipSync(await readFile(join(dir, name)), { level: 9 })),
        ),
      );
    },
  };
}
