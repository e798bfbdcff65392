// What the platform keeps of the study: a draft that follows every change, and versions that never change.

import { Button, Tooltip } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Problem } from "../../api/client";
import { queryClient } from "../../api/queries";
import {
  asStudy,
  editStudy,
  fileOfStudy,
  type Kept,
  keepStudy,
  keptStudies,
  keptStudy,
  publishStudy,
  type Study,
  studyTemplates,
  versionsOf,
} from "../../api/studies";
import { Choice } from "../../components/choice";
import { ProblemNotice } from "../../components/parts";
import { change, fileOf, keepAs, noteSaved, open } from "../../design/draft";
import { when } from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import { useSettled } from "./useSettled";

interface Props {
  study: Study;
  kept: string | undefined;
  saved: string | undefined;
  /** Nothing is missing in it, so the platform takes it. */
  isWhole: boolean;
}

export function Keeping({ study, kept, saved, isWhole }: Props) {
  const keep = useMutation({
    mutationFn: keepStudy,
    onSuccess: async (made, one) => {
      await shown(made);
      keepAs(made.id, fileOf(one));
      void queryClient.invalidateQueries({ queryKey: ["studies"] });
    },
  });
  if (kept) return <Follower key={kept} study={study} id={kept} saved={saved} isWhole={isWhole} />;
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

function Follower({ study, id, saved, isWhole }: Omit<Props, "kept"> & { id: string }) {
  const told = useQuery(keptStudy(id));
  const settled = useSettled(study);
  const send = async (one: Study) => {
    await shown(await editStudy(id, one));
    noteSaved(id, fileOf(one));
  };
  const { mutate: save, ...saving } = useMutation({ mutationFn: send });
  const isSaved = fileOf(study) === saved;
  const publish = useMutation({
    mutationFn: async () => {
      if (!isSaved) await send(study);
      await publishStudy(id);
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["study", id] }),
  });
  const isGone = told.error instanceof Problem && told.error.status === 404;
  useEffect(() => {
    if (isGone) keepAs(undefined);
  }, [isGone]);
  const isNew = settled === study && saving.variables !== settled; // what was refused is not sent again
  const isDue = isWhole && isNew && !isSaved && !saving.isPending;
  useEffect(() => {
    if (isDue) save(settled);
  }, [isDue, settled, save]);
  if (!told.data) return null;
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
    mutationFn: async (version: string) => {
      const study = drawn(await fileOfStudy(id, Number(version)));
      change(() => study);
    },
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
      if (template) return open(drawn(template.study));
      await queryClient.invalidateQueries({ queryKey: ["study", id] });
      return open(drawn(await fileOfStudy(id)), id);
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

function drawn(document: unknown): Study {
  const study = asStudy(document);
  if (!study) throw new Error(text.design.noStudy);
  return study;
}
