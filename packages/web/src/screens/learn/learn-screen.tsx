import { useEffect, type ReactElement } from "react";
import { glossary, type Term } from "../../parts/glossary.ts";
import { caveats, concepts, sources } from "./concepts.ts";
import "./learn.css";

/** What the words and the numbers mean, and what none of it proves. Every entry has an anchor. */
export function LearnScreen(): ReactElement {
  // The screen is loaded after the address was read, so the browser has not found the anchor.
  useEffect(() => {
    const find = (): void => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      target?.scrollIntoView();
    };
    if (location.hash !== "") find();
    addEventListener("hashchange", find);
    return () => removeEventListener("hashchange", find);
  }, []);

  return (
    <div className="learn">
      <nav className="learn-contents" aria-label="On this page">
        <a href="#words">Words</a>
        <a href="#numbers">Numbers</a>
        <a href="#caveats">What none of this proves</a>
        <a href="#sources">Sources</a>
      </nav>
      <article>
        <h1>What you are looking at</h1>
        <p className="learn-lead">
          Lexiscope looks inside a language model with a dictionary of features that was learned from the model&apos;s own activations. This
          page says what the words and the numbers on the other pages mean, and what they do not show.
        </p>
        <h2 id="words">Words</h2>
        {concepts.map(({ id, name, text }) => (
          <section key={id} id={id} aria-labelledby={`${id}-name`}>
            <Heading id={id} name={name} />
            {text.map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
          </section>
        ))}
        <h2 id="numbers">Numbers</h2>
        <p>
          x is the model&apos;s state at a token, x̄ its mean over the sample, x̂ what the dictionary rebuilds, f<sub>i</sub> the activation
          of feature i as the encoder gives it, a<sub>i</sub> = f<sub>i</sub>·‖W_dec,i‖ the activation that is shown, d̂<sub>i</sub> its
          direction with length 1, W_U the model&apos;s output matrix and γ the gain of its last norm. Position 0, special tokens and tokens
          of extreme norm are left out of every number.
        </p>
        <dl className="learn-terms">
          {(Object.entries(glossary) as [string, Term][]).map(([id, { name, formula, meaning, caveat }]) => (
            <div key={id} id={id}>
              <dt>
                <a className="learn-anchor" href={`#${id}`}>
                  {name}
                </a>
              </dt>
              <dd>
                {formula !== undefined && <code>{formula}</code>}
                <p>{meaning}</p>
                {caveat !== undefined && <p className="quiet">{caveat}</p>}
              </dd>
            </div>
          ))}
        </dl>
        <h2 id="caveats">What none of this proves</h2>
        {caveats.map(([claim, text]) => (
          <section key={claim}>
            <h3>{claim}</h3>
            <p>{text}</p>
          </section>
        ))}
        <h2 id="sources">Sources</h2>
        <ul>
          {sources.map(({ title, by, href }) => (
            <li key={href}>
              <a href={href} rel="noreferrer">
                {title}
              </a>
              , {by}
            </li>
          ))}
        </ul>
      </article>
    </div>
  );
}

function Heading({ id, name }: { id: string; name: string }): ReactElement {
  return (
    <h3 id={`${id}-name`}>
      <a className="learn-anchor" href={`#${id}`}>
        {name}
      </a>
    </h3>
  );
}
