using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.NameServer.Hosting;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Registration;

/// <summary>A name server behind a proxy that counts what brokers say, and that can hang or cut them off.</summary>
internal sealed class ProxiedNameServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _port = FreePorts.Next();
    private readonly Lock _lock = new();
    private readonly List<TcpClient> _clients = [];
    private WebApplication _app = null!;
    private long _bytes;
    private volatile bool _hangs;

    /// <summary>Where brokers find it.</summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>Bytes that brokers sent.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public RouteTable Routes => _app.Services.GetRequiredService<RouteTable>();

    /// <summary>Connections are taken and nothing is answered.</summary>
    public bool Hangs
    {
        get => _hangs;
        set => _hangs = value;
    }

    public static async Task<ProxiedNameServer> StartAsync(Action<NameServerOptions>? configure = null)
    {
        var server = new ProxiedNameServer();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddNameServer(configure);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, server._port, static endpoint => endpoint.UseNameServer()));
        server._app = builder.Build();
        await server._app.StartAsync();
        server._listener.Start();
        _ = server.AcceptAsync();
        return server;
    }

    /// <summary>Ends all connections.</summary>
    public void CutOff()
    {
        lock (_lock)
        {
            _clients.ForEach(static client => client.Dispose());
            _clients.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        CutOff();
        await _app.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient near = await _listener.AcceptTcpClientAsync(_stop.Token);
            var far = new TcpClient();
            await far.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
            lock (_lock)
            {
                _clients.AddRange([near, far]);
            }

            _ = CopyAsync(near, far, counts: true);
            _ = CopyAsync(far, near, counts: false);
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool counts)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int read;
            while ((read = await from.GetStream().ReadAsync(buffer, _stop.Token)) > 0)
            {
                if (counts)
                {
                    Interlocked.Add(ref _bytes, read);
                }

                if (!_hangs)
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Cut off.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
