using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ProtoBridgeMQ.Gateway.Dashboard;
using ProtoBridgeMQ.Tests.Protocol.Http;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Dashboard;

/// <summary>The files of the dashboard, without a browser.</summary>
public sealed partial class DashboardFilesServed
{
    private const int Budget = 300_000;

    private static readonly DashboardFiles Files = new();

    [Fact]
    public async Task The_page_comes_with_a_policy_without_inline_script_and_a_strong_tag()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage page = await host.GetAsync("/");

        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.False(page.Headers.ETag!.IsWeak);
        string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("require-trusted-types-for 'script'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task A_file_that_is_known_is_not_sent_again()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using HttpResponseMessage first = await host.GetAsync("/dashboard/app.js");

        using var again = new HttpRequestMessage(HttpMethod.Get, "/dashboard/app.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await host.Client.SendAsync(again).Within("the second answer");

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
    }

    [Theory]
    [InlineData("gzip, deflate, br", true)]
    [InlineData("gzip;q=0, identity", false)]
    [InlineData("br", false)]
    public async Task A_file_is_compressed_for_who_takes_it_and_has_another_tag_then(string accepted, bool isCompressed)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard/base.css");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);

        using HttpResponseMessage answer = await host.Client.SendAsync(request).Within("the answer");

        Assert.Equal(isCompressed, answer.Content.Headers.ContentEncoding.Contains("gzip"));
        Assert.Equal(isCompressed, answer.Headers.ETag!.Tag.EndsWith("-gzip\"", StringComparison.Ordinal));
        Assert.Equal("Accept-Encoding", Assert.Single(answer.Headers.Vary));
        Assert.Equal((isCompressed ? Files.Find("base.css")!.Compressed : Files.Find("base.css")!.Plain).Length, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task HEAD_answers_the_headers_alone()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/dashboard/app.js");

        using HttpResponseMessage answer = await host.Client.SendAsync(request).Within("the answer");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Files.Find("app.js")!.Plain.Length, answer.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("/dashboard/none.js")]
    [InlineData("/dashboard/")]
    [InlineData("/dashboard/..%2fappsettings.json")]
    [InlineData("/dashboard/lib/..%5c..%5capp.js")]
    public async Task An_address_without_a_file_is_a_problem(string address)
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.GetAsync(address);

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task A_change_is_not_taken()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        using HttpResponseMessage answer = await host.PostAsync("/dashboard/app.js", "x");

        await HttpFrontHost.AssertProblemAsync(answer, HttpStatusCode.MethodNotAllowed, "method-not-allowed");
    }

    [Fact]
    public void All_files_together_are_less_than_300_KB()
        => Assert.InRange(Files.Names.Sum(name => Files.Find(name)!.Plain.Length), 100_000, Budget);

    [Fact]
    public void Every_file_that_another_one_names_is_there()
    {
        List<string> missing = [];
        foreach (string name in Files.Names.Where(name => !name.StartsWith("vendor/", StringComparison.Ordinal)))
        {
            string text = TextOf(name);
            foreach (string address in Absolute().Matches(text).Select(match => match.Groups[1].Value).Where(address => Files.Find(address) is null))
                missing.Add($"{name}: /dashboard/{address}");
            foreach (string address in Relative().Matches(text).Select(match => match.Groups[1].Value))
            {
                string path = new Uri(new Uri("http://x/" + name), address).AbsolutePath[1..];
                if (Files.Find(path) is null)
                    missing.Add($"{name}: {address}");
            }
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void No_file_has_a_way_from_text_to_markup()
        => Assert.Empty(Files.Names.Where(name => name.EndsWith(".js", StringComparison.Ordinal) && Markup().IsMatch(TextOf(name))));

    [Fact]
    public void The_page_has_no_inline_script_or_style_and_names_no_other_host()
    {
        Assert.DoesNotMatch("<script(?![^>]*src=)|<style|\\son\\w+=|\\sstyle=|https?://", TextOf(DashboardFiles.Page));
        Assert.Empty(Files.Names.Where(name => !name.StartsWith("vendor/", StringComparison.Ordinal) && OtherHost().IsMatch(TextOf(name))));
    }

    [Fact]
    public void The_licence_of_what_is_vendored_is_served_beside_it()
        => Assert.Contains("MIT License", TextOf("vendor/uPlot.LICENSE"), StringComparison.Ordinal);

    private static string TextOf(string name) => Encoding.UTF8.GetString(Files.Find(name)!.Plain);

    [GeneratedRegex("\"/dashboard/([^\"]+)\"")]
    private static partial Regex Absolute();

    [GeneratedRegex("(?:from|import\\()\\s*\"(\\.[^\"]+)\"")]
    private static partial Regex Relative();

    [GeneratedRegex("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|createContextualFragment|DOMParser|\\beval\\(|new Function|srcdoc")]
    private static partial Regex Markup();

    [GeneratedRegex("https?://(?!www\\.w3\\.org/2000/svg)")]
    private static partial Regex OtherHost();
}
