// What the platform keeps of the study: a draft that follows every change, and versions that never change.

import { Button, Tooltip } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Problem } from "../../api/client";
import { queryClient } from "../../api/queries";
import {
  asStudy,
  editStudy,
  type Kept,
  keepStudy,
  keptStudies,
  keptStudy,
  publishStudy,
  type Study,
  studyTemplates,
  versionOf,
  versionsOf,
} from "../../api/studies";
import { Choice } from "../../components/choice";
import { ProblemNotice } from "../../components/parts";
import { keepAs, open } from "../../design/draft";
import { when } from "../../format/format";
import { designing } from "../../text/designing";
import { useSettled } from "./useSettled";

/** `isWhole`: nothing is missing in it, so the platform takes it. */
export function Keeping({ study, kept, isWhole }: { study: Study; kept: string | undefined; isWhole: boolean }) {
  const keep = useMutation({
    mutationFn: keepStudy,
    onSuccess: async (made) => {
      await shown(made);
      keepAs(made.id);
      void queryClient.invalidateQueries({ queryKey: ["studies"] });
    },
  });
  if (kept) return <Follower key={kept} study={study} id={kept} isWhole={isWhole} />;
  return (
    <>
      <Tooltip label={designing.keepHint} multiline w={260}>
        <Button
          variant="light"
          size="compact-sm"
          disabled={!isWhole}
          loading={keep.isPending}
          onClick={() => keep.mutate(study)}
        >
          {designing.keep}
        </Button>
      </Tooltip>
      <ProblemNotice error={keep.error} />
    </>
  );
}

function Follower({ study, id, isWhole }: { study: Study; id: string; isWhole: boolean }) {
  const told = useQuery(keptStudy(id));
  const settled = useSettled(study);
  const sent = useRef("");
  const { mutate: save, ...saving } = useMutation({
    mutationFn: (one: Study) => editStudy(id, one),
    onSuccess: shown,
  });
  const publish = useMutation({
    mutationFn: async () => {
      await shown(await editStudy(id, study));
      await publishStudy(id);
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["study", id] }),
  });
  const isGone = told.error instanceof Problem && told.error.status === 404;
  useEffect(() => {
    if (isGone) keepAs(undefined);
  }, [isGone]);
  const there = told.data ? JSON.stringify(told.data.study) : undefined;
  useEffect(() => {
    const now = JSON.stringify(settled);
    const step = `${there}${now}`;
    if (!isWhole || there === undefined || now === there || step === sent.current) return;
    sent.current = step;
    save(settled);
  }, [settled, isWhole, there, save]);
  if (!told.data) return null;
  const isSaved = JSON.stringify(study) === there;
  return (
    <>
      <span className="fine" role="status">
        {isSaved ? stateOf(told.data) : isWhole ? designing.saving : designing.waiting}
      </span>
      <Tooltip label={designing.publishHint} multiline w={260}>
        <Button
          variant="light"
          size="compact-sm"
          disabled={!isWhole || (isSaved && told.data.is_published)}
          loading={publish.isPending}
          onClick={() => publish.mutate()}
        >
          {designing.publish}
        </Button>
      </Tooltip>
      <Versions id={id} newest={told.data.version} />
      <ProblemNotice error={saving.error ?? publish.error} />
    </>
  );
}

/** What was answered last is what there is: a question asked before is not waited for. */
async function shown(one: Kept): Promise<void> {
  const { queryKey } = keptStudy(one.id);
  await queryClient.cancelQueries({ queryKey, exact: true });
  queryClient.setQueryData(queryKey, one);
}

function stateOf({ version, is_published }: Kept): string {
  if (!version) return designing.draft;
  return is_published ? designing.published(version) : designing.changed(version);
}

function Versions({ id, newest }: { id: string; newest: number }) {
  const told = useQuery({ ...versionsOf(id), enabled: newest > 0 });
  const bring = useMutation({
    mutationFn: (version: string) => versionOf(id, Number(version)),
    onSuccess: ({ study }) => opened(study, id),
  });
  if (!newest) return null;
  return (
    <>
      <Choice
        size="xs"
        aria-label={designing.openVersion}
        none={designing.versions}
        options={(told.data?.items ?? []).map((one) => ({
          value: String(one.version),
          label: designing.version(one.version, when(one.published_at)),
        }))}
        value={undefined}
        choose={(version) => version && bring.mutate(version)}
      />
      <ProblemNotice error={bring.error} />
    </>
  );
}

/** Templates, and studies that the platform keeps, to go on with. */
export function Beginnings() {
  const templates = useQuery(studyTemplates);
  const kept = useQuery(keptStudies);
  const bring = useMutation({
    mutationFn: async (id: string) => {
      const template = templates.data?.find((one) => one.name === id);
      if (template) return opened(template.study);
      return opened((await queryClient.fetchQuery({ ...keptStudy(id), staleTime: 0 })).study, id);
    },
  });
  return (
    <>
      <Choice
        size="xs"
        aria-label={designing.from}
        none={designing.from}
        options={[
          ...(templates.data ?? []).map((one) => ({ value: one.name, label: one.title })),
          ...(kept.data?.items ?? []).map((one) => ({ value: one.id, label: `${one.name} · ${when(one.updated_at)}` })),
        ]}
        value={undefined}
        choose={(id) => id && bring.mutate(id)}
      />
      <ProblemNotice error={bring.error} />
    </>
  );
}

function opened(document: unknown, kept?: string): void {
  const study = asStudy(document);
  if (!study) throw new Error(designing.asksProtocol);
  open(study, kept);
}
