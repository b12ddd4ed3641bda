# SPDX-License-Identifier: Apache-2.0
# What lies beside the programs once they are installed; each program installs itself.
include(GNUInstallDirs)

if(GORGON_TEXT)
    install(DIRECTORY resources/demo_model DESTINATION ${CMAKE_INSTALL_DATADIR}/gorgon
        PATTERN training EXCLUDE)
    install(FILES resources/tree_choices.json DESTINATION ${CMAKE_INSTALL_DATADIR}/gorgon)
    install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
    install(DIRECTORY LICENSES DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
if(GORGON_GUI)
    install(FILES packaging/gorgon.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
    install(FILES packaging/gorgon.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo
        RENAME org.gorgon.Gorgon.metainfo.xml)
    install(FILES resources/icons/gorgon.svg
        DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
endif()

# The desktop reads these two without asking back, so a slip in them shows only to users.
if(GORGON_TESTS AND GORGON_GUI)
    find_program(APPSTREAMCLI appstreamcli)
    if(APPSTREAMCLI)
        add_test(NAME metainfo_is_valid
            COMMAND ${APPSTREAMCLI} validate --no-net ${CMAKE_SOURCE_DIR}/packaging/gorgon.metainfo.xml)
    endif()
    find_program(DESKTOP_FILE_VALIDATE desktop-file-validate)
    if(DESKTOP_FILE_VALIDATE)
        add_test(NAME desktop_entry_is_valid
            COMMAND ${DESKTOP_FILE_VALIDATE} ${CMAKE_SOURCE_DIR}/packaging/gorgon.desktop)
    endif()
endif()
