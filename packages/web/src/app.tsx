import { Suspense, lazy, type ReactElement } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { useStatus } from "./api/queries.ts";
import { Failed, Loading } from "./parts/states.tsx";
import { ScreenBoundary } from "./shell/screen-boundary.tsx";
import { Shell } from "./shell/shell.tsx";
import { pathSegment } from "./state/url-state.ts";

const AtlasScreen = lazy(async () => ({ default: (await import("./screens/atlas/atlas-screen.tsx")).AtlasScreen }));
const FeatureScreen = lazy(async () => ({ default: (await import("./screens/feature/feature-screen.tsx")).FeatureScreen }));
const InspectScreen = lazy(async () => ({ default: (await import("./screens/inspect/inspect-screen.tsx")).InspectScreen }));
const ChatScreen = lazy(async () => ({ default: (await import("./screens/chat/chat-screen.tsx")).ChatScreen }));
const ListsScreen = lazy(async () => ({ default: (await import("./screens/lists/lists-screen.tsx")).ListsScreen }));
const RunsScreen = lazy(async () => ({ default: (await import("./screens/runs/runs-screen.tsx")).RunsScreen }));
const LearnScreen = lazy(async () => ({ default: (await import("./screens/learn/learn-screen.tsx")).LearnScreen }));

/** The composition root: which screen a URL shows. */
export function App(): ReactElement {
  const [path] = useLocation();
  return (
    <Shell>
      <ScreenBoundary place={path}>
        <Suspense fallback={<Loading what="the screen" />}>
          <Switch>
            <Route path="/" component={Home} />
            <Route path="/atlas" component={Home} />
            <Route path="/atlas/:atlas">{({ atlas }) => <AtlasScreen atlas={pathSegment(1) ?? atlas} />}</Route>
            <Route path="/atlas/:atlas/:feature">
              {({ atlas, feature }) => <FeatureScreen atlas={pathSegment(1) ?? atlas} feature={feature} key={`${atlas}/${feature}`} />}
            </Route>
            <Route path="/inspect">
              <InspectScreen />
            </Route>
            <Route path="/chat/:chat?">{({ chat }) => <ChatScreen chat={chat} />}</Route>
            <Route path="/lists/:list?">{({ list }) => <ListsScreen list={list} />}</Route>
            <Route path="/runs/:job?">{({ job }) => <RunsScreen job={job} />}</Route>
            <Route path="/learn">
              <LearnScreen />
            </Route>
            <Route>
              <Failed
                title="There is no such page"
                error={{
                  code: "not_found",
                  message: "The address may be mistyped, or the thing was removed.",
                  hint: "Choose a screen above.",
                }}
              />
            </Route>
          </Switch>
        </Suspense>
      </ScreenBoundary>
    </Shell>
  );
}

/** The first atlas, or the run that makes it. */
function Home(): ReactElement {
  const status = useStatus();
  if (status.isPending) return <Loading what="the server" />;
  if (status.isError) return <Failed title="The server does not answer" error={status.error} retry={() => void status.refetch()} />;
  const { defaults, firstJob } = status.data;
  if (defaults.atlas !== null) return <Redirect to={`/atlas/${encodeURIComponent(defaults.atlas)}`} replace />;
  return <Redirect to={firstJob === null ? "/runs" : `/runs/${encodeURIComponent(firstJob)}`} replace />;
}
