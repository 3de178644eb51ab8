import type { ReactElement } from "react";
import { Link } from "wouter";
import { ApiError } from "../../api/client.ts";
import { useFeature } from "../../api/feature-detail.ts";
import { useAtlas } from "../../api/queries.ts";
import { Failed } from "../../parts/states.tsx";
import { visibleToken } from "../../parts/token-text.ts";
import { useTitle } from "../../state/title.ts";
import { parseFeature } from "./feature-address.ts";
import { FeatureBody } from "./feature-body.tsx";
import { FeatureHeader } from "./feature-header.tsx";
import { FeatureSkeleton } from "./feature-skeleton.tsx";
import "./feature.css";

/** One feature: when it fires, what it does, what is like it, and both of that tried out. */
export function FeatureScreen({ atlas, feature }: { atlas: string; feature: string }): ReactElement {
  const index = parseFeature(feature);
  const detail = useFeature(atlas, index ?? 0, index !== undefined);
  const features = useAtlas(atlas).data?.manifest.dictionary.features;
  const name = detail.data ? detail.data.label?.name || detail.data.word || detail.data.topToken : "";
  useTitle(`${atlas}/${feature}${name === "" ? "" : `: ${visibleToken(name).trim()}`}`);
  if (index === undefined || (detail.error instanceof ApiError && [400, 404].includes(detail.error.status)))
    return <UnknownFeature atlas={atlas} feature={feature} features={features} error={detail.error} />;
  if (detail.isError) return <Failed title="The feature could not be read" error={detail.error} retry={() => void detail.refetch()} />;
  return (
    <article className="feature">
      <FeatureHeader atlas={atlas} index={index} detail={detail.data} features={features} />
      {detail.data ? <FeatureBody atlas={atlas} detail={detail.data} /> : <FeatureSkeleton />}
    </article>
  );
}

function UnknownFeature({
  atlas,
  feature,
  features,
  error,
}: {
  atlas: string;
  feature: string;
  features: number | undefined;
  error: Error | null;
}): ReactElement {
  const message =
    error?.message ?? (features === undefined ? "A feature is named by its number." : `${atlas} has features 0 to ${features - 1}.`);
  return (
    <>
      <h1 className="visually-hidden">Feature</h1>
      <Failed title={`There is no feature ${atlas}/${visibleToken(feature)}`} error={{ message }} />
      <p className="feature-elsewhere">
        <Link href={`/atlas/${encodeURIComponent(atlas)}`}>Search the atlas {atlas}</Link> or{" "}
        <Link href={`/atlas/${encodeURIComponent(atlas)}/0`}>begin with feature 0</Link>
      </p>
    </>
  );
}
