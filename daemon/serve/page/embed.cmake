# Turns the files of the page into a C++ source.
# Usage: cmake -DOUT=page_assets.cpp -DSCRIPTS=a.js,b.js -P embed.cmake; reads next to itself.
set(here ${CMAKE_CURRENT_LIST_DIR})
file(READ ${here}/page.html template)
file(READ ${here}/page.css style)
set(script "")
string(REPLACE "," ";" names "${SCRIPTS}")
foreach(name IN LISTS names)
  file(READ ${here}/${name} part)
  string(APPEND script "${part}")
endforeach()

# A compiler need not take literals of any length: pieces of a line each, which it joins.
function(literal out name text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "?" "\\?" text "${text}") # no trigraphs
  string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
  set(${out} "extern const std::string_view ${name};\nconst std::string_view ${name} =\n    \"${text}\";\n" PARENT_SCOPE)
endfunction()

literal(template kTemplate "${template}")
literal(style kStyle "${style}")
literal(script kScript "${script}")
file(WRITE ${OUT} "#include <string_view>\n\nnamespace sessync::page {\n${template}${style}${script}}\n")
