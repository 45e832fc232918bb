#!/bin/sh
# cppcheck.sh FILE... - cppcheck with everything that finds faults
# Off: where a variable is declared (the house declares at the top), and headers of the system, which it need not see.
exec cppcheck --quiet -j "$(nproc)" --std=c11 --language=c -D_GNU_SOURCE -D__linux__ -Iinclude -Icore -Itests \
	--enable=warning,style,performance,portability --inline-suppr --error-exitcode=1 \
	--suppress=missingIncludeSystem --suppress=unusedStructMember --suppress=unknownMacro \
	--suppress=variableScope --suppress=unmatchedSuppression \
	--template='{file}:{line}: {severity}: {message} [{id}]' "$@"
