// Start: the brand, then the pages.

import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import { makeRouter } from "./app/router";
import "./app/styles";
import { loadBrand, themeOf } from "./brand/brand";

/** Of this visit; the policy lets only style elements with it apply. */
const nonce = () => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

setNonce(nonce()); // for the styles that keep a page still while a drawer is open
const brand = await loadBrand();
document.title = brand.name;
const box = document.getElementById("root");
if (box) {
  createRoot(box).render(
    <StrictMode>
      <MantineProvider theme={themeOf(brand)} defaultColorScheme="auto" getStyleNonce={nonce}>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={makeRouter(brand)} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
