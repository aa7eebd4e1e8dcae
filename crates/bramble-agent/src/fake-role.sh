#!/bin/sh
# Stands in for `bramble role ROLE --data DIR --parent PID` in tests; behaves as the test wrote it down.
role=$2
data=$4
echo "$role" >>"$data/started"
. "$data/behaviour"
