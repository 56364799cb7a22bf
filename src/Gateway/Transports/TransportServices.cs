using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>How the composition root brings TLS and the PROXY protocol in.</summary>
internal static class TransportServices
{
    /// <summary>Registers them.</summary>
    public static IServiceCollection AddTransports(this IServiceCollection services, Action<TlsOptions> tls, Action<ProxyProtocolOptions> proxy)
    {
        services.AddOptions<TlsOptions>().Configure(tls).ValidateDataAnnotations().ValidateOnStart()
            .Validate(options => options.ClientCertificates == ClientCertificates.None || options.ClientCa.Length > 0, "clientCertificates needs clientCa: the authorities that sign clients' certificates.");
        services.AddOptions<ProxyProtocolOptions>().Configure(proxy).ValidateDataAnnotations().ValidateOnStart()
            .Validate(options => !options.IsUsed() || options.Trusted.Length > 0, "trusted is empty: name the addresses of the proxies, others could pretend to be anybody.");
        services.AddSingleton<TransportMetrics>();
        services.AddSingleton<ServerCertificates>();
        services.AddSingleton<ProxyProtocol>();
        return services;
    }

    /// <summary>Puts the PROXY header, then TLS, before what the endpoint speaks.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="isBehindProxy">Whether its connections begin with a PROXY header.</param>
    /// <param name="isEncrypted">Whether it speaks TLS.</param>
    /// <param name="protocols">What it speaks within TLS (ALPN); none: clients may offer what they like.</param>
    public static void UseTransports(this ListenOptions endpoint, bool isBehindProxy, bool isEncrypted, params SslApplicationProtocol[] protocols)
    {
        if (isBehindProxy)
        {
            var proxy = endpoint.ApplicationServices.GetRequiredService<ProxyProtocol>();
            endpoint.Use(next => connection => proxy.RunAsync(connection, next));
        }

        if (!isEncrypted)
            return;

        var certificates = endpoint.ApplicationServices.GetRequiredService<ServerCertificates>();
        endpoint.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = endpoint.ApplicationServices.GetRequiredService<IOptions<TlsOptions>>().Value.HandshakeTimeout,
            OnConnection = _ => ValueTask.FromResult(certificates.For(protocols)),
        });
    }
}
