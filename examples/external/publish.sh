#!/bin/sh
# Have an intervention designed and run from outside, over HTTP with curl: publish.sh POPULATION [REQUEST_ID]
# REHEARSAL_URL and REHEARSAL_KEY say where and as whom. Prints what became of the request.
set -eu
url="${REHEARSAL_URL:-http://127.0.0.1:8000}"
population="$1"
request="${2:-shop-$(date +%s)}"

ask() { # with the key, where the platform asks for one
  curl --silent --show-error ${REHEARSAL_KEY:+--header "authorization: Bearer $REHEARSAL_KEY"} "$@"
}

ask --fail-with-body --request POST "$url/events" \
  --header "content-type: application/json" \
  --header "ce-specversion: 1.0" \
  --header "ce-id: $request" \
  --header "ce-source: /shop" \
  --header "ce-type: rehearsal.gateway.intervention-requested.v1" \
  --data "{
    \"request_id\": \"$request\",
    \"action\": \"create\",
    \"intervention\": {
      \"name\": \"Subject line\", \"type\": \"marketing_intervention\", \"success_metrics\": [\"open_rate\"],
      \"population_id\": \"$population\",
      \"variants\": [{\"name\": \"short\", \"content\": \"Half price today\"},
                     {\"name\": \"long\", \"content\": \"Our autumn offers, chosen for you\"}]
    },
    \"execution\": {\"seed\": 7}
  }"
echo

tries=0
until ask --fail "$url/interventions/requests/$request" 2>/dev/null; do # 404 while it waits for what it builds on
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || { echo "nothing became of $request" >&2; exit 1; }
  sleep 0.2
done
echo
