import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Pages that work without the built page and without script. */
function plainPage(title: string, content: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          :root {
            font:
              16px/1.5 system-ui,
              sans-serif;
            color: light-dark(#1b1b1a, #e8e6e1);
            background: light-dark(#fbfaf8, #161615);
          }
          main {
            max-width: 32rem;
            margin: 15vh auto 0;
            padding: 0 1.25rem;
          }
          h1 {
            font-size: 1.25rem;
            font-weight: 600;
          }
          code {
            font:
              0.9em ui-monospace,
              monospace;
          }
          input,
          button {
            font: inherit;
            padding: 0.5rem 0.75rem;
            border-radius: 6px;
            border: 1px solid light-dark(#8a8780, #75726b);
            color: inherit;
            background: light-dark(#fff, #222221);
          }
          input {
            width: 100%;
            box-sizing: border-box;
            margin: 0.25rem 0 0.75rem;
          }
          button {
            background: light-dark(#1b1b1a, #e8e6e1);
            color: light-dark(#fbfaf8, #161615);
            border: 0;
            cursor: pointer;
          }
          :focus-visible {
            outline: 2px solid light-dark(#1a5fb4, #78aeed);
            outline-offset: 2px;
          }
          a {
            color: inherit;
          }
          [role="alert"] {
            color: light-dark(#a51d2d, #ff8a8a);
          }
        </style>
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html>`;
}

export function signInPage({ next, wrong = false }: { next: string; wrong?: boolean }): Html {
  return plainPage(
    "Sign in · Lexiscope",
    html`<h1>Lexiscope</h1>
      <p>This server can be reached from other machines, so it asks for the token that it printed when it was started.</p>
      ${wrong ? html`<p role="alert" id="wrong">That is not the token.</p>` : ""}
      <form method="post" action="/sign-in">
        <input type="hidden" name="next" value="${next}" />
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          ${wrong ? html`aria-describedby="wrong" aria-invalid="true"` : ""}
        />
        <button>Sign in</button>
      </form>`,
  );
}

export function notBuiltPage(): Html {
  return plainPage(
    "Lexiscope",
    html`<h1>The page has not been built</h1>
      <p>The server runs, and its <a href="/openapi.json">interface</a> answers. Build the page with</p>
      <p><code>npm run build</code></p>
      <p>in the folder of Lexiscope, then load this again. <code>npm start</code> does both.</p>`,
  );
}

export function notFoundPage(): Html {
  return plainPage(
    "Not found · Lexiscope",
    html`<h1>There is nothing here</h1>
      <p><a href="/">To the atlas</a></p>`,
  );
}
