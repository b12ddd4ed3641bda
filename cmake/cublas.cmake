# SPDX-License-Identifier: Apache-2.0
# CUDA::cublas where the toolkit came without it: from a folder with include/cublas_v2.h and
# lib/libcublas.so.MAJOR, as the Python package nvidia-cublas unpacks it.
set(GORGON_CUBLAS "" CACHE PATH
    "Folder of cuBLAS where the CUDA toolkit has none: .../site-packages/nvidia/cu13, for example")
if(TARGET CUDA::cublas)
    return()
endif()
set(places ${GORGON_CUBLAS})
find_package(Python3 QUIET COMPONENTS Interpreter)
if(NOT GORGON_CUBLAS AND Python3_Interpreter_FOUND)
    execute_process(OUTPUT_VARIABLE places OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
        COMMAND ${Python3_EXECUTABLE} -c "import importlib.util, os
spec = importlib.util.find_spec('nvidia')
print(';'.join(os.path.join(place, folder) for place in (spec.submodule_search_locations if spec else [])
      for folder in ('cu${CUDAToolkit_VERSION_MAJOR}', 'cublas')))")
endif()
find_path(GORGON_CUBLAS_INCLUDE cublas_v2.h HINTS ${places} PATH_SUFFIXES include)
foreach(name cublas cublasLt)
    find_library(GORGON_${name} NAMES lib${name}.so.${CUDAToolkit_VERSION_MAJOR} HINTS ${places} PATH_SUFFIXES lib lib64)
endforeach()
if(GORGON_CUBLAS_INCLUDE AND GORGON_cublas AND GORGON_cublasLt)
    message(STATUS "cuBLAS: ${GORGON_cublas}")
    add_library(CUDA::cublas UNKNOWN IMPORTED GLOBAL)
    set_target_properties(CUDA::cublas PROPERTIES IMPORTED_LOCATION ${GORGON_cublas}
        INTERFACE_LINK_LIBRARIES ${GORGON_cublasLt})
    # Its headers alone: beside them lie those of another runtime.
    file(GLOB headers ${GORGON_CUBLAS_INCLUDE}/cublas*.h)
    file(COPY ${headers} DESTINATION ${CMAKE_BINARY_DIR}/cublas)
    target_include_directories(CUDA::cublas INTERFACE ${CMAKE_BINARY_DIR}/cublas)
else()
    message(WARNING "cuBLAS ${CUDAToolkit_VERSION_MAJOR} was not found, neither in the CUDA toolkit nor as the "
        "Python package nvidia-cublas: Gorgon is built without the CUDA backend. Give its folder as "
        "-DGORGON_CUBLAS=FOLDER (with include/cublas_v2.h and lib/libcublas.so.${CUDAToolkit_VERSION_MAJOR}).")
    set(GORGON_HAS_CUDA OFF)
endif()
