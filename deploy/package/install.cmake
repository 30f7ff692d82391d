# What `cmake --install` puts where: the program, its unit, man page, completions and schema.
include(GNUInstallDirs)

set(package_dir ${CMAKE_CURRENT_LIST_DIR})
set(deploy_dir ${package_dir}/..)
set(generated_dir ${PROJECT_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${generated_dir})

install(TARGETS sessync RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROJECT_SOURCE_DIR}/manifest/schema/sessync.schema.json
              ${PROJECT_SOURCE_DIR}/manifest/schema/policy.schema.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/sessync)

# The unit names the program where it is installed, which only the installation knows.
install(
  CODE "file(READ \"${deploy_dir}/systemd/sessync.service\" unit)
string(REPLACE \"/usr/bin/sessync\" \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/sessync\" unit \"\${unit}\")
file(WRITE \"${generated_dir}/sessync.service\" \"\${unit}\")")
install(FILES ${generated_dir}/sessync.service DESTINATION lib/systemd/system)

# gzipped(FILE SOURCE): a compressed copy that is the same bytes every time.
function(gzipped file source)
  add_custom_command(
    OUTPUT ${generated_dir}/${file}
    COMMAND gzip -9nc ${source} > ${generated_dir}/${file}
    DEPENDS ${source}
    VERBATIM)
endfunction()

gzipped(sessync.1.gz ${deploy_dir}/man/sessync.1)
install(FILES ${generated_dir}/sessync.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
set(generated ${generated_dir}/sessync.1.gz)

# completion(SHELL DESTINATION NAME): printed by the program itself.
function(completion shell destination name)
  add_custom_command(
    OUTPUT ${generated_dir}/${shell}/${name}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${generated_dir}/${shell}
    COMMAND sessync completion ${shell} > ${generated_dir}/${shell}/${name}
    DEPENDS sessync
    VERBATIM)
  install(FILES ${generated_dir}/${shell}/${name} DESTINATION ${CMAKE_INSTALL_DATADIR}/${destination})
  set(generated ${generated} ${generated_dir}/${shell}/${name} PARENT_SCOPE)
endfunction()

# A program for another machine cannot be asked.
if(NOT CMAKE_CROSSCOMPILING)
  completion(bash bash-completion/completions sessync)
  completion(zsh zsh/vendor-completions _sessync)
  completion(fish fish/vendor_completions.d sessync.fish)
endif()
add_custom_target(package_files ALL DEPENDS ${generated})
