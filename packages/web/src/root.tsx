import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/query-client.ts";
import { App } from "./app.tsx";
import { preload } from "./preload.ts";
import "./styles/base.css";

/** Shows the page. As a transition: React then draws it in slices and lets the browser in between. */
export function showPage(element: HTMLElement): void {
  const client = createQueryClient();
  preload(client, location);
  const root = createRoot(element);
  startTransition(() =>
    root.render(
      <StrictMode>
        <QueryClientProvider client={client}>
          <App />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
}
