using System.Net.Sockets;
using System.Text;

namespace ProtoBridgeMQ.Tests.Protocol.Transports;

/// <summary>Ports behind a proxy.</summary>
public sealed class ProxiedConnections
{
    private const string Line = "PROXY TCP4 192.0.2.7 192.0.2.1 56324 1883\r\n";

    [Theory]
    [InlineData(Line)]
    [InlineData("PROXY UNKNOWN\r\n")]
    public async Task What_follows_the_header_is_served(string header)
    {
        await using TransportHost host = await TransportHost.StartAsync(("proxyProtocol:mqtt", "true"), ("proxyProtocol:trusted", "127.0.0.0/8"));
        await using NetworkStream whole = await TransportHost.OpenAsync(host.Endpoints.Mqtt);
        await using NetworkStream dripping = await TransportHost.OpenAsync(host.Endpoints.Mqtt);

        await whole.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(header), .. TransportHost.Connect]);
        Assert.Equal("20020000", await TransportHost.ReadAsync(whole, 4));
        foreach (byte one in (byte[])[.. Encoding.ASCII.GetBytes(header), .. TransportHost.Connect[..^1], (byte)'e'])
            await dripping.WriteAsync((byte[])[one]);

        Assert.Equal("20020000", await TransportHost.ReadAsync(dripping, 4));
    }

    [Fact]
    public async Task Limits_go_by_the_address_that_the_proxy_tells()
    {
        await using TransportHost host = await TransportHost.StartAsync(("proxyProtocol:mqtt", "true"), ("proxyProtocol:trusted", "127.0.0.1"), ("mqtt:connectionsPerAddress", "1"));
        await using NetworkStream first = await ConnectAsync(host, "192.0.2.7", 'a');
        await using NetworkStream second = await ConnectAsync(host, "192.0.2.7", 'b');
        await using NetworkStream other = await ConnectAsync(host, "192.0.2.8", 'c');

        Assert.Equal("20020000", await TransportHost.ReadAsync(first, 4));
        Assert.Equal("20020003", await TransportHost.ReadAsync(second, 4));
        Assert.Equal("20020000", await TransportHost.ReadAsync(other, 4));
    }

    [Theory]
    [InlineData("PROXY RUBBISH 1 2 3 4\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\u0010\u000d\u0000\u0004MQTT")]
    public async Task Bytes_that_are_no_header_are_refused(string bytes)
    {
        await using TransportHost host = await TransportHost.StartAsync(("proxyProtocol:mqtt", "true"), ("proxyProtocol:trusted", "127.0.0.1"));
        await using NetworkStream stream = await TransportHost.OpenAsync(host.Endpoints.Mqtt);

        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));

        Assert.Contains(await TransportHost.ReadAsync(stream, 1), new[] { string.Empty, "broken" });
    }

    [Fact]
    public async Task Who_is_no_proxy_is_refused_even_with_a_header()
    {
        await using TransportHost host = await TransportHost.StartAsync(("proxyProtocol:mqtt", "true"), ("proxyProtocol:trusted", "10.0.0.1"));
        await using NetworkStream stream = await TransportHost.OpenAsync(host.Endpoints.Mqtt);

        Assert.Contains(await TransportHost.ReadAsync(stream, 1), new[] { string.Empty, "broken" });
    }

    [Fact]
    public async Task A_header_that_does_not_come_in_time_is_not_waited_for()
    {
        await using TransportHost host = await TransportHost.StartAsync(("proxyProtocol:mqtt", "true"), ("proxyProtocol:trusted", "127.0.0.1"));
        await using NetworkStream stream = await TransportHost.OpenAsync(host.Endpoints.Mqtt);
        await stream.WriteAsync("PROXY TCP4 "u8.ToArray());

        Task<string> read = TransportHost.ReadAsync(stream, 1);
        while (!read.IsCompleted)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(6));
            await Task.WhenAny(read, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        Assert.Contains(await read, new[] { string.Empty, "broken" });
    }

    private static async Task<NetworkStream> ConnectAsync(TransportHost host, string address, char name)
    {
        NetworkStream stream = await TransportHost.OpenAsync(host.Endpoints.Mqtt);
        await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"PROXY TCP4 {address} 192.0.2.1 5 1883\r\n"), .. TransportHost.Connect[..^1], (byte)name]);
        return stream;
    }
}
