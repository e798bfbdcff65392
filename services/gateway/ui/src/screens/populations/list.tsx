// All populations, newest first.

import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { populations } from "../../api/placeQueries";
import { Loading } from "../../app/loading";
import { Ago, EmptyState, PageHead, ProblemNotice, StateBadge } from "../../components/parts";
import { words } from "../../format/format";
import { text } from "../../text/text";
import "../simulations/simulations.css";

export function PopulationsPage() {
  const list = useInfiniteQuery(populations);
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title={text.populations.title} lead={text.populations.lead} />
      <ProblemNotice error={list.error} retry={() => void list.refetch()} />
      {list.isPending ? <Loading /> : null}
      {list.isSuccess && !items.length ? (
        <EmptyState title={text.populations.empty} action={<Link to="/design">{text.populations.design}</Link>}>
          {text.populations.emptyText}
        </EmptyState>
      ) : null}
      <ul className="simulation-list">
        {items.map((one) => (
          <li key={one.id}>
            <Link to="/populations/$id" params={{ id: one.id }} className="simulation-row">
              <span className="row-name">
                <strong>{one.name}</strong>
                <span className="id">{one.id}</span>
              </span>
              <StateBadge state={one.state} />
              <span className="counts">{text.populations.size(one.size)}</span>
              <span className="row-facts">
                <span>{words(one.demographic_base)}</span>
                <Ago at={one.created_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {list.hasNextPage ? (
        <Button variant="default" mt="md" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {text.populations.more}
        </Button>
      ) : null}
    </>
  );
}
