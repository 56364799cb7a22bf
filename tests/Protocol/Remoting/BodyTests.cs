using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

public sealed class BodyTests
{
    [Fact]
    public void A_recorded_route_is_written_again_byte_for_byte()
    {
        var body = BodyOf("533-json-route-006-get_routeinfo_by_topic-resp-0.bin");
        var route = LenientJson.Read(body, RemotingJson.Bodies.TopicRouteData);
        Assert.Equal("127.0.0.1:10911", Assert.Single(route.Brokers).Addresses[0]);
        Assert.Equal(Encoding.UTF8.GetString(body), Encoding.UTF8.GetString(LenientJson.Write(route, RemotingJson.Bodies.TopicRouteData)));
    }

    [Fact]
    public void A_recorded_cluster_with_unquoted_broker_ids_is_understood()
    {
        var info = LenientJson.Read(BodyOf("533-json-broker-start-006-get_broker_cluster_info-resp-0.bin"), RemotingJson.Bodies.ClusterInfo);
        Assert.Equal("127.0.0.1:10911", info.Brokers["broker-a"].Addresses[0]);
        Assert.Equal(["broker-a"], info.Clusters["DefaultCluster"]);
    }

    [Fact]
    public void Recorded_registrations_are_understood_plain_and_compressed()
    {
        foreach (var recorded in RecordedFrames.All.Where(frame => frame.RequestCode == 103 && !frame.IsResponse))
        {
            var body = RecordedFrames.Cut(recorded.Bytes).Body;
            var compressed = recorded.Index.GetProperty("extFields").GetProperty("compressed").GetString() == "true";
            var registration = CompressedRegistration.Read(body, compressed, 1 << 20);
            Assert.Equal("TBW102", registration.TopicConfig.Topics["TBW102"].TopicName);
            var again = new ReadOnlySequence<byte>(CompressedRegistration.Write(registration));
            var copy = CompressedRegistration.Read(again, compressed: true, 1 << 20);
            Assert.Equal(registration.TopicConfig.Version, copy.TopicConfig.Version);
            Assert.Equal(registration.TopicConfig.Topics.Keys, copy.TopicConfig.Topics.Keys);
        }
    }

    [Fact]
    public void A_compressed_registration_that_unfolds_without_end_is_refused()
    {
        var bomb = new RegisterBrokerBody { FilterServers = [new string('x', 1_000_000)] };
        var body = new ReadOnlySequence<byte>(CompressedRegistration.Write(bomb));
        Assert.True(body.Length < 10_000);
        Assert.Throws<RemotingException>(() => CompressedRegistration.Read(body, compressed: true, 100_000));
        Assert.Throws<RemotingException>(() => CompressedRegistration.Read(body.Slice(0, 20), compressed: true, 100_000));
    }

    [Fact]
    public void Recorded_heartbeats_are_understood()
    {
        var seen = 0;
        foreach (var recorded in RecordedFrames.All.Where(frame => frame.RequestCode == 34 && !frame.IsResponse))
        {
            var heartbeat = LenientJson.Read(RecordedFrames.Cut(recorded.Bytes).Body, RemotingJson.Bodies.HeartbeatData);
            Assert.NotEmpty(heartbeat.ClientId);
            Assert.NotEmpty(heartbeat.Producers);
            seen++;
        }
        Assert.True(seen > 0);
    }

    [Fact]
    public void Recorded_locks_are_written_again_byte_for_byte()
    {
        var body = BodyOf("533-json-orderly-018-lock_batch_mq-req.bin");
        var locks = LenientJson.Read(body, RemotingJson.Bodies.LockBatchBody);
        Assert.Equal(body, LenientJson.Write(locks, RemotingJson.Bodies.LockBatchBody));
    }

    [Theory]
    [InlineData("{0:\"a\",1:\"b\"}", "{\"0\":\"a\",\"1\":\"b\"}")]
    [InlineData("{'x':'it\\'s',y:true,z:null,}", "{\"x\":\"it's\",\"y\":true,\"z\":null}")]
    [InlineData("[1,,-2.5e3,\"\\x41\\v\"]", "[1,-2.5e3,\"A\\u000B\"]")]
    [InlineData("{a:{b:[{}]}}", "{\"a\":{\"b\":[{}]}}")]
    public void What_fastjson_writes_beyond_the_standard_is_made_standard(string given, string expected)
    {
        var output = new ArrayBufferWriter<byte>();
        FastjsonRepair.ToStandard(Encoding.UTF8.GetBytes(given), output);
        Assert.Equal(expected, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1")]
    [InlineData("{\"clientID\":")]
    [InlineData("null")]
    [InlineData("\u0001\u0002")]
    public void A_broken_body_is_a_remoting_error(string given) =>
        Assert.Throws<RemotingException>(() => LenientJson.Read(Encoding.UTF8.GetBytes(given), RemotingJson.Bodies.HeartbeatData));

    private static byte[] BodyOf(string file) =>
        RecordedFrames.Cut(RecordedFrames.All.Single(frame => frame.File == file).Bytes).Body.ToArray();
}
