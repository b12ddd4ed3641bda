# SPDX-License-Identifier: Apache-2.0
# cmake -D ROOT=<sources> -D WORK=<folder> [-D WITH_NVCC=ON] -P architectures_test.cmake
# What a build by hand compiles for, by what nvidia-smi and nvcc say; and that a compiler is found which was
# installed after a build was configured without.
include(${ROOT}/cmake/cuda_architectures.cmake)
file(REMOVE_RECURSE ${WORK})

function(program name text)
    file(WRITE ${WORK}/${name} "#!/bin/sh\n${text}\n")
    file(CHMOD ${WORK}/${name} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

function(expect says expected)
    program(nvidia-smi "${says}")
    set(ENV{PATH} "${WORK}:$ENV{PATH}")
    gorgon_cuda_architectures(found ${WORK}/nvcc)
    if(NOT "${found}" STREQUAL "${expected}")
        message(FATAL_ERROR "nvidia-smi: ${says}\nexpected ${expected}, found ${found}")
    endif()
endfunction()

program(nvcc "printf 'sm_80\\nsm_86\\nsm_90\\nsm_100\\n'")
expect("echo 8.6" "86-real")
expect("echo 9.0; echo 8.6; echo 9.0" "90-real;86-real")
expect("echo 7.5; echo 8.0" "80-real")
expect("echo 7.5" "${GORGON_ANY_CUDA_DEVICE}") # nothing that could be used
expect("echo 10.0" "100-real")
expect("echo 12.0" "${GORGON_ANY_CUDA_DEVICE}") # which this nvcc does not know
expect("echo 'No devices were found'; exit 6" "${GORGON_ANY_CUDA_DEVICE}")
if(NOT GORGON_ANY_CUDA_DEVICE MATCHES "80-virtual")
    message(FATAL_ERROR "Nothing in ${GORGON_ANY_CUDA_DEVICE} runs on every device from 8.0 on")
endif()

if(WITH_NVCC)
    file(WRITE ${WORK}/project/CMakeLists.txt "
cmake_minimum_required(VERSION 3.25)
project(found_later LANGUAGES CXX)
list(APPEND CMAKE_MODULE_PATH ${ROOT}/cmake)
set(GORGON_CUDA ON)
set(CMAKE_CUDA_ARCHITECTURES 90-real)
include(cuda)
if(NOT CMAKE_CUDA_COMPILER_LOADED)
    message(FATAL_ERROR \"the compiler was not found\")
endif()
")
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK}/project -B ${WORK}/build
        -DCMAKE_CUDA_COMPILER:FILEPATH=CMAKE_CUDA_COMPILER-NOTFOUND
        RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${said}")
    endif()
endif()
