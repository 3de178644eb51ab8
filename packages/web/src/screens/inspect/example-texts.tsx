import type { ReactElement } from "react";

const texts = [
  "The fiscal year ends in June, and the Secretary of the Treasury reports the revenue to Congress.",
  "Call me Ishmael. Some years ago, never mind how long precisely, I thought I would sail about a little and see the watery part of the world.",
  "Paris is the capital of France, Rome is the capital of Italy, and Madrid is the capital of Spain.",
  "def area(radius):\n    return 3.14159 * radius ** 2",
  "I am a language model, so I have no feelings, but I can tell you a story about someone who has.",
];

/** Texts to begin with. */
export function Examples({ choose }: { choose: (text: string) => void }): ReactElement {
  return (
    <div className="inspect-empty">
      <p className="quiet">
        The model reads the text, and the dictionary says which of its features fire on each token and how much it leaves unexplained. Begin
        with one of these:
      </p>
      {texts.map((text) => (
        <button key={text} type="button" className="inspect-chip" onClick={() => choose(text)}>
          {text}
        </button>
      ))}
    </div>
  );
}
