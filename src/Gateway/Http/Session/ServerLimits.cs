using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>The front's options as the server's limits.</summary>
internal sealed class ServerLimits(IOptions<HttpOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions server)
    {
        HttpOptions http = options.Value;
        KestrelServerLimits limits = server.Limits;
        limits.MaxRequestBodySize = Math.Max(http.MaxBodySize, http.MaxJsonSize);
        limits.MaxRequestLineSize = http.MaxRequestLine;
        limits.MaxRequestHeadersTotalSize = http.MaxHeadersSize;
        limits.MaxRequestHeaderCount = http.MaxHeaders;
        limits.RequestHeadersTimeout = http.HeadersTimeout;
        limits.KeepAliveTimeout = http.KeepAliveTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(http.MinDataRate, http.DataRateGrace);
        limits.MinResponseDataRate = new MinDataRate(http.MinDataRate, http.DataRateGrace);
        if (limits.MaxRequestBufferSize < http.MaxRequestLine)
            limits.MaxRequestBufferSize = http.MaxRequestLine;
    }
}
