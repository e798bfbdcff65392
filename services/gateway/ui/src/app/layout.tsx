// The frame of every page: brand, navigation, colour scheme, who is signed in.

import { ActionIcon, AppShell, Burger, Group, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { Problem } from "../api/client";
import { whoami } from "../api/queries";
import { key, onSession, signOut } from "../api/session";
import { isByLink, isGuest } from "../api/visit";
import type { Brand } from "../brand/brand";
import { Icon, type IconName } from "../components/icons";
import { EmptyState } from "../components/parts";
import { text } from "../text/text";
import { Loading } from "./loading";

const SignIn = lazy(() => import("./signIn").then((module) => ({ default: module.SignIn })));

const PLACES: { to: string; label: string; icon: IconName }[] = [
  { to: "/", label: text.nav.simulations, icon: "simulations" },
  { to: "/design", label: text.nav.design, icon: "designer" },
  { to: "/populations", label: text.nav.populations, icon: "people" },
  { to: "/validation", label: text.nav.validation, icon: "validation" },
  { to: "/api", label: text.nav.api, icon: "api" },
  { to: "/settings", label: text.nav.settings, icon: "settings" },
];

export function Layout({ brand }: { brand: Brand }) {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const secret = useSyncExternalStore(onSession, key);
  const identity = useQuery({ ...whoami, queryKey: ["whoami", secret], enabled: !isByLink });
  const isUnknown = identity.error instanceof Problem && identity.error.status === 401 && pathname !== SIGNED_IN;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page was opened
  useEffect(close, [pathname]);

  return (
    <AppShell
      header={{ height: 56 }}
      {...(isGuest ? {} : { navbar: { width: 212, breakpoint: "sm", collapsed: { mobile: !isOpen } } })}
      padding={{ base: "md", sm: "lg" }}
    >
      <a className="skip" href="#main">
        {text.nav.skip}
      </a>
      <AppShell.Header className="shell-header">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            {isGuest ? null : (
              <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={text.nav.menu} />
            )}
            <Home brand={brand} />
          </Group>
          <Group gap={6} wrap="nowrap">
            {secret ? <SignOut /> : null}
            <SchemeSwitch />
          </Group>
        </Group>
      </AppShell.Header>
      {isGuest ? null : (
        <AppShell.Navbar p="sm" className="shell-nav" component="nav" aria-label={text.nav.label}>
          {PLACES.map((place) => (
            <NavItem key={place.to} {...place} isHere={isWithin(pathname, place.to)} />
          ))}
          <p className="fine nav-foot">{text.nav.simulated}</p>
        </AppShell.Navbar>
      )}
      <AppShell.Main id="main" tabIndex={-1}>
        <div className="main">
          <Suspense fallback={<Loading />}>
            {isUnknown ? (
              <SignIn problem={secret ? text.signIn.wrong : undefined} />
            ) : isShown(pathname) ? (
              <Outlet />
            ) : (
              <NotShared />
            )}
          </Suspense>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

const SIGNED_IN = "/signed-in";

/** Guests see the simulation that is shared with them and no other page. */
const isShown = (pathname: string) => !isGuest || pathname.startsWith("/simulations/");

function NotShared() {
  return <EmptyState title={text.share.nothing}>{text.share.nothingText}</EmptyState>;
}

function Home({ brand }: { brand: Brand }) {
  const shown = (
    <>
      <img src={brand.logo} alt="" width={28} height={28} />
      {brand.name}
    </>
  );
  if (!isGuest) {
    return (
      <Link to="/" className="brand">
        {shown}
      </Link>
    );
  }
  return (
    <>
      <span className="brand">{shown}</span>
      <span className="state">{text.share.readOnly}</span>
    </>
  );
}

const isWithin = (pathname: string, to: string) =>
  to === "/"
    ? pathname === "/" || pathname.startsWith("/simulations") || pathname.startsWith("/compare")
    : pathname.startsWith(to) || (to === "/api" && pathname.startsWith("/events"));

function NavItem({ to, label, icon, isHere }: { to: string; label: string; icon: IconName; isHere: boolean }) {
  return (
    <Link to={to} className={`nav-link ${isHere ? "active" : ""}`} aria-current={isHere ? "page" : undefined}>
      <Icon name={icon} />
      {label}
    </Link>
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme("light") === "dark";
  const label = isDark ? text.nav.toLight : text.nav.toDark;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(isDark ? "light" : "dark")}
    >
      <Icon name={isDark ? "sun" : "moon"} />
    </ActionIcon>
  );
}

function SignOut() {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={text.signIn.out}
      title={text.signIn.out}
      onClick={signOut}
    >
      <Icon name="key" />
    </ActionIcon>
  );
}
