import { activationOf, sparsityText } from "@lexiscope/contract/sparsity";
import type { AtlasDetail } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { formatCount, formatNumber, formatShare } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";

const activationNames = { topk: "TopK", relu: "ReLU", jumprelu: "JumpReLU" };

/** What was looked at: which model, where in it, with which dictionary, reading what. */
export function About({ atlas }: { atlas: AtlasDetail }): ReactElement {
  const { dictionary, index } = atlas.manifest;
  const { model, site, imported, text } = dictionary;
  const activation = activationOf(dictionary);
  const weights = text.reduce((sum, { tokens }) => sum + tokens, 0);
  return (
    <dl className="about">
      <dt>Model</dt>
      <dd>
        <bdi>{model.name}</bdi> <span className="quiet">{model.layers} blocks</span>{" "}
        <code className="quiet" title={`SHA-256 of the weights: ${model.weightsHash}`}>
          {model.weightsHash.slice(0, 8)}
        </code>
      </dd>
      <dt>
        <TermLabel term="site">Site</TermLabel>
      </dt>
      <dd>
        <code>{site}</code> <span className="quiet">d {model.d}</span>
      </dd>
      <dt>Features</dt>
      <dd>
        {formatCount(dictionary.features)}, {activationNames[activation.kind]}
        {activation.k === null && activation.l1 === undefined ? "" : `, ${sparsityText(activation)}`}; {formatCount(index.alive)}{" "}
        <TermLabel term="alive">alive</TermLabel>
      </dd>
      <dt>
        <TermLabel term="tokensIndexed">Tokens</TermLabel>
      </dt>
      <dd>
        {formatCount(index.tokens)} indexed in {formatCount(index.contexts)} contexts of {dictionary.context}
        {imported ? "" : `; ${formatCount(dictionary.tokensSeen)} seen in training`}
      </dd>
      <dt>Text</dt>
      <dd>
        <details>
          <summary>
            {text.length} {text.length === 1 ? "source" : "sources"}, {formatCount(weights)} tokens
          </summary>
          <ul>
            {text.map(({ source, documents, tokens, licence }) => (
              <li key={source}>
                <bdi>{source}</bdi> {formatShare(weights > 0 ? tokens / weights : 0)}
                <span className="quiet">
                  , {formatCount(documents)} documents{licence === undefined ? "" : `, ${licence}`}
                </span>
              </li>
            ))}
          </ul>
        </details>
      </dd>
      <dt>Made</dt>
      <dd>
        lexiscope {atlas.manifest.software}, kernels {dictionary.cpuPath},{" "}
        {imported ? `dictionary of SAELens (${imported.folder})` : `${formatNumber(dictionary.seconds)} s of training`},{" "}
        {formatNumber(index.seconds)} s of indexing
      </dd>
      {atlas.overlay.foreign > 0 && (
        <>
          <dt>Names</dt>
          <dd className="bad">
            {formatCount(atlas.overlay.foreign)} names and lists here were made for another dictionary of this name and are not shown.
          </dd>
        </>
      )}
    </dl>
  );
}
