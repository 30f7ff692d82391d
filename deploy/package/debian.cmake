# The Debian package: `cpack -G DEB` in a release build. Nothing is fetched when it is installed,
# and the service is neither enabled nor started.
gzipped(changelog.gz ${package_dir}/changelog)
add_custom_target(debian_files ALL DEPENDS ${generated_dir}/changelog.gz)
set(doc_dir ${CMAKE_INSTALL_DATADIR}/doc/sessync)
install(FILES ${generated_dir}/changelog.gz ${package_dir}/copyright DESTINATION ${doc_dir})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sessync)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "keep Managed Agents sessions equal to a manifest")
set(CPACK_PACKAGE_DESCRIPTION
    "A daemon that watches a workspace and a manifest and keeps the files,
repositories and memory stores of Managed Agents sessions equal to what
they declare. It can also run once, show what it would do, check a
manifest offline, and bring back what agents write.")
set(CPACK_PACKAGE_CONTACT "sessync authors <sessync@example.org>")
# The package is made for /usr whatever the build was configured for.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
                                                GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${package_dir}/postinst ${package_dir}/prerm
                                       ${package_dir}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
