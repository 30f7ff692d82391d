# shellcheck shell=bash
# What every random search of the tests begins with. To be sourced.
#
#   SESSYNC_SEED unset   1, so that what was green stays green
#   SESSYNC_SEED=N       N
#   SESSYNC_SEED=new     a number that is drawn now
#
# The number is printed, and exported to what is run from here: node tests read it with seed.mjs, rapidcheck
# in RC_PARAMS. how_to_repeat says it again where something failed.
case ${SESSYNC_SEED:=1} in
  new) SESSYNC_SEED=$((1 + (RANDOM << 14 | RANDOM >> 1))) ;;
  0* | *[!0-9]* | ??????????*)
    echo "SESSYNC_SEED is a number from 1 to 999999999, or new" >&2
    exit 64
    ;;
esac
export SESSYNC_SEED
export RC_PARAMS=${RC_PARAMS:-seed=$SESSYNC_SEED}
echo "seed $SESSYNC_SEED"

how_to_repeat() {
  echo "to repeat it: SESSYNC_SEED=$SESSYNC_SEED SESSYNC_EFFORT=${SESSYNC_EFFORT:-usual}"
}
