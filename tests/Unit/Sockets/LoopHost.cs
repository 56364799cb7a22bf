using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Sockets;

namespace ProtoBridgeMQ.Tests.Unit.Sockets;

/// <summary>Kestrel with one address that event loops serve.</summary>
internal sealed class LoopHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ListenOptions _endpoint;

    private LoopHost(WebApplication application, ListenOptions endpoint)
    {
        _application = application;
        _endpoint = endpoint;
    }

    public int Port => _endpoint.IPEndPoint!.Port;

    public static async Task<LoopHost> StartAsync(Func<ConnectionContext, Task> serve, Action<LoopOptions>? configure = null, int port = 0, bool isDirect = false)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.ClearProviders();
        LoopTransport.AddTo(builder.Services, configure);
        ListenOptions? endpoint = null;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(new LoopEndPoint(IPAddress.Loopback, port) { Serve = isDirect ? connection => serve(connection) : null }, listen =>
        {
            endpoint = listen;
            listen.Run(connection => isDirect ? throw new InvalidOperationException("Kestrel got a connection that its loop serves.") : serve(connection));
        }));
        WebApplication application = builder.Build();
        try
        {
            await application.StartAsync();
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return new LoopHost(application, endpoint!);
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return socket;
    }

    public Task StopAsync(CancellationToken patience) => _application.StopAsync(patience);

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
