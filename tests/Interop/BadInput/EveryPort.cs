using System.Net;
using System.Net.Sockets;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.BadInput;

/// <summary>Bad input on every port: a closed connection or the protocol's own error, bounded memory, and everyone else served.</summary>
public sealed class EveryPort(RunningGateway running) : IClassFixture<RunningGateway>
{
    private const long MemoryAllowance = 96L << 20;

    private readonly GatewayProcess _gateway = running.Process;

    [Fact]
    public async Task Bytes_that_are_wrong_from_the_start_close_the_connection()
    {
        await using SteadyPublisher steady = await SteadyPublisher.StartAsync(_gateway);
        List<string> open = [];
        foreach ((string name, byte[] bytes) in Nuisance.Remoting)
        {
            foreach (int port in new[] { _gateway.Ports.NameServer, _gateway.Ports.Broker })
            {
                if (!await Nuisance.IsClosedAfterAsync(port, bytes, TimeSpan.FromSeconds(5)))
                {
                    open.Add($"{(port == _gateway.Ports.Broker ? "broker" : "name server")}: {name}");
                }
            }
        }

        foreach ((string name, byte[] bytes) in Nuisance.Mqtt)
        {
            if (!await Nuisance.IsClosedAfterAsync(_gateway.Ports.Mqtt, bytes, TimeSpan.FromSeconds(5)))
            {
                open.Add($"MQTT: {name}");
            }
        }

        await steady.GoesOnAsync();
        Assert.Empty(open);
        Assert.Empty(_gateway.Failures);
    }

    [Fact]
    public Task Random_bytes_on_every_port_disturb_nobody_and_memory_stays_bounded()
        => Seeded.RunAsync(async random =>
        {
            await using SteadyPublisher steady = await SteadyPublisher.StartAsync(_gateway);
            await ThrowAsync(random, 20);
            long before = _gateway.AnonymousMemory();

            await ThrowAsync(random, 200);

            await steady.GoesOnAsync();
            Assert.InRange(_gateway.AnonymousMemory() - before, long.MinValue, MemoryAllowance);
            Assert.Empty(_gateway.Failures);
        });

    [Fact]
    public async Task Large_lengths_that_are_never_filled_take_no_memory()
    {
        await using SteadyPublisher steady = await SteadyPublisher.StartAsync(_gateway);
        List<TcpClient> clients = [];
        await steady.GoesOnAsync();
        long before = _gateway.AnonymousMemory();

        // A frame just below the limit, of which only the beginning ever comes.
        byte[] start = [0x00, 0x3F, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x40, (byte)'{'];
        for (int i = 0; i < 100; i++)
        {
            clients.Add(await OpenAsync(_gateway.Ports.Broker, start));
            clients.Add(await OpenAsync(_gateway.Ports.NameServer, start));
        }

        await steady.GoesOnAsync(100);
        Assert.InRange(_gateway.AnonymousMemory() - before, long.MinValue, MemoryAllowance);
        clients.ForEach(client => client.Dispose());
        await steady.GoesOnAsync();
    }

    [Fact]
    public async Task Clients_that_say_nothing_or_drip_disturb_nobody()
    {
        await using SteadyPublisher steady = await SteadyPublisher.StartAsync(_gateway);
        int[] ports = [_gateway.Ports.Mqtt, _gateway.Ports.Http, _gateway.Ports.NameServer, _gateway.Ports.Broker];
        List<TcpClient> clients = [];
        foreach (int port in ports)
        {
            for (int i = 0; i < 50; i++)
            {
                clients.Add(await OpenAsync(port, []));
            }
        }

        byte[] drops = [0x10, 0x0C, 0x00, 0x04, (byte)'M', (byte)'Q', (byte)'T', (byte)'T'];
        using var drip = new PeriodicTimer(TimeSpan.FromMilliseconds(250), TimeProvider.System);
        foreach (byte drop in drops)
        {
            await drip.WaitForNextTickAsync();
            foreach (TcpClient client in clients.Where((_, i) => i % 5 == 0))
            {
                await TryWriteAsync(client, [drop]);
            }

            await steady.GoesOnAsync(10);
        }

        clients.ForEach(client => client.Dispose());
        await steady.GoesOnAsync();
        Assert.Empty(_gateway.Failures);
    }

    [Fact]
    public async Task An_MQTT_client_that_never_connects_is_closed()
    {
        bool closed = await Nuisance.IsClosedAfterAsync(_gateway.Ports.Mqtt, [], TimeSpan.FromSeconds(40));

        Assert.True(closed, "the connection stayed open for 40 s without a CONNECT");
    }

    [Fact]
    public async Task A_send_that_breaks_off_stores_nothing()
    {
        for (int i = 0; i < 20; i++)
        {
            (await OpenAsync(_gateway.Ports.Broker, Nuisance.TruncatedSend())).Dispose();
        }

        using var broker = await Remoting.RawBroker.ConnectAsync(_gateway.Ports.Broker);
        Assert.Equal((0, 0), await broker.RangeAsync("truncated", 0));
    }

    [Fact]
    public async Task An_unknown_request_code_is_answered_with_RocketMQs_own_error()
    {
        const int RequestCodeNotSupported = 3;
        foreach (int port in new[] { _gateway.Ports.NameServer, _gateway.Ports.Broker })
        {
            using Remoting.RawRemoting remoting = await Remoting.RawRemoting.ConnectAsync(port);
            Assert.Equal(RequestCodeNotSupported, (await remoting.AskAsync(31999, [])).Code);
        }
    }

    [Theory]
    [InlineData("v1/topics/a%2Fb%20c/messages", 400)]
    [InlineData("v1/topics/toolarge/messages", 413)]
    [InlineData("v1/topics/x/messages?delay=never", 400)]
    [InlineData("v1/nothing/here", 404)]
    public async Task Wrong_requests_are_answered_with_their_status(string path, int status)
    {
        using var client = new HttpClient { BaseAddress = _gateway.Http };
        int size = status == 413 ? 5 * 1024 * 1024 : 5;
        using HttpResponseMessage response = await client.PostAsync(new Uri(path, UriKind.Relative), new ByteArrayContent(new byte[size]));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_null_character_in_an_address_is_refused()
    {
        using var client = new HttpClient { BaseAddress = _gateway.Http };
        using HttpResponseMessage response = await client.PostAsync(new Uri("v1/topics/%00/messages", UriKind.Relative), new ByteArrayContent([1]));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private async Task ThrowAsync(Random random, int times)
    {
        int[] ports = [_gateway.Ports.Mqtt, _gateway.Ports.Http, _gateway.Ports.NameServer, _gateway.Ports.Broker];
        for (int i = 0; i < times; i++)
        {
            foreach (int port in ports)
            {
                byte[] garbage = new byte[random.Next(1, 8192)];
                random.NextBytes(garbage);
                (await OpenAsync(port, garbage)).Dispose();
            }
        }
    }

    private static async Task<TcpClient> OpenAsync(int port, byte[] first)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await TryWriteAsync(client, first);
        return client;
    }

    private static async Task TryWriteAsync(TcpClient client, byte[] bytes)
    {
        try
        {
            await client.GetStream().WriteAsync(bytes);
        }
        catch (Exception closed) when (closed is IOException or InvalidOperationException)
        {
            // It was closed already, which is an answer too.
        }
    }
}
