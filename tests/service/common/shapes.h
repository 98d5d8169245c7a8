#ifndef SERVICE_SHAPES_H
#define SERVICE_SHAPES_H

#include "tests/service/common/http.h"

/* Answers with an error body of a shape:
 *   "dis"      {"errorCode":code,"message":message}
 *   "sls"      {"errorCode":code,"errorMessage":message}
 *   "gateway"  {"error_code":code,"error_msg":message,"request_id":...}
 *   "nested"   {"error":{"code":status,"message":message,"title":...}}, as IAM does */
void shape_error(struct answer *answer, unsigned status, const char *shape, const char *code,
                 const char *message);

#endif
