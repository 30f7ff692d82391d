#!/bin/sh
# In the place of the double, for an example: says that it listens where $GIVEN_DOUBLE_URL says, and lives until stopped.
echo "listening on $GIVEN_DOUBLE_URL"
exec sleep 3600
