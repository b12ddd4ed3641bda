# SPDX-License-Identifier: Apache-2.0
# What devices a build by hand is for: those of this machine; where none is seen, any from 8.0 on, by code for 9.0
# and PTX that the driver translates at the first start.
set(GORGON_ANY_CUDA_DEVICE 80-virtual 90-real)

# Sets `result` to CMAKE_CUDA_ARCHITECTURES. nvcc: the compiler, which must know the device; else its driver
# translates the PTX.
function(gorgon_cuda_architectures result nvcc)
    set(${result} ${GORGON_ANY_CUDA_DEVICE} PARENT_SCOPE)
    find_program(smi nvidia-smi HINTS /usr/lib/wsl/lib NO_CACHE)
    if(NOT smi)
        return()
    endif()
    execute_process(COMMAND ${smi} --query-gpu=compute_cap --format=csv,noheader TIMEOUT 20
        OUTPUT_VARIABLE found ERROR_QUIET RESULT_VARIABLE status)
    if(NOT nvcc OR NOT status EQUAL 0)
        return()
    endif()
    execute_process(COMMAND ${nvcc} --list-gpu-code OUTPUT_VARIABLE known ERROR_QUIET)
    string(REGEX MATCHALL "[0-9]+\\.[0-9]" capabilities "${found}")
    set(architectures)
    foreach(capability IN LISTS capabilities)
        string(REPLACE "." "" capability ${capability})
        if(capability LESS 80) # the module says why it does without
            continue()
        endif()
        if(NOT known MATCHES "sm_${capability}([^0-9]|$)")
            return()
        endif()
        list(APPEND architectures ${capability}-real)
    endforeach()
    list(REMOVE_DUPLICATES architectures)
    if(architectures)
        set(${result} ${architectures} PARENT_SCOPE)
    endif()
endfunction()
